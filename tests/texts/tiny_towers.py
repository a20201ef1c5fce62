"""Folders of tiny text towers as transformers writes them, from config objects alone."""

from __future__ import annotations

from pathlib import Path

import torch

from genlab.texts.bpe import small_bpe

WORDS = ["a", "red", "blue", "cat", "dog", "with", "hat", "and"]


def clip(folder: Path, length: int = 12) -> Path:
    from transformers import CLIPTextConfig, CLIPTextModel

    bpe = small_bpe()
    config = CLIPTextConfig(
        vocab_size=len(bpe), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=length, bos_token_id=bpe.start, eos_token_id=bpe.end, pad_token_id=bpe.end,
    )  # fmt: skip
    _seeded(CLIPTextModel, config).save_pretrained(folder)
    bpe.save(folder, length)
    return folder


def bert(folder: Path) -> Path:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "##s"]
    tokenizer = Tokenizer(models.WordPiece({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = BertConfig(
        vocab_size=len(names), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=24,
    )  # fmt: skip
    _seeded(BertModel, config).save_pretrained(folder)
    _save(tokenizer, folder, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
    return folder


def t5(folder: Path) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import T5Config, T5EncoderModel

    names = ["<pad>", "</s>", "<unk>", *(f"▁{word}" for word in WORDS), "s"]
    tokenizer = Tokenizer(models.Unigram([(name, -float(i)) for i, name in enumerate(names)], unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    config = T5Config(vocab_size=len(names), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
    _seeded(T5EncoderModel, config).save_pretrained(folder)
    _save(tokenizer, folder, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    return folder


def _seeded(cls, config):
    torch.manual_seed(0)
    return cls(config).eval()


def _save(tokenizer, folder, **special):
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
