"""What must hold between the players of an adversarial model and its data, and what may choose its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from omegaconf import DictConfig

from genlab.annotations.declared import declared
from genlab.config.lookup import get, target


def players_fit_their_model(cfg: DictConfig) -> Iterator[str]:
    """Generator and discriminator know the classes of the model, and the generator takes its latent vectors."""
    for player in ("generator", "discriminator"):
        for name in ("num_classes", "latent_size"):
            network = get(cfg, player)
            if not isinstance(network, DictConfig) or name not in network or get(cfg, f"model.{player}") is None:
                continue
            own, models = get(network, name), get(cfg, f"model.{name}")
            if own != models:
                yield (
                    f"{player}.{name} = {_shown(own)} must be that of the model, {_shown(models)}: "
                    f"give model.{name} alone"
                )


def styles_need_a_mapping_network(cfg: DictConfig) -> Iterator[str]:
    """Style mixing, the length of paths and truncation are of a style-based generator; one of genlab's own says so."""
    generator = target(get(cfg, "generator"))
    if not generator.startswith("genlab.") or declared(generator, "is_style_based"):
        return
    given = [key for key in ("style_mixing", "path_length", "sampler") if get(cfg, f"model.{key}")]
    if given and get(cfg, "model.generator") is not None:
        yield (
            f"model.{given[0]} needs a generator with a mapping network, such as generator=stylegan2: "
            f"{generator.rpartition('.')[2]} has none"
        )


def networks_grow_together(cfg: DictConfig) -> Iterator[str]:
    """Of a model that grows both of genlab's own networks do, through the same levels."""
    if not (images := get(cfg, "model.growing_images")):
        return
    keys = ("generator.output", "discriminator.grows", "generator.levels", "discriminator.levels")
    output, grows, *levels = [get(cfg, key) for key in keys]
    if output in (None, "skip", "last") or grows is not True:
        yield (
            f"model.growing_images = {images} needs generator.output=grown, of generator=stylegan1 or stylegan2, "
            "and discriminator.grows=true"
        )
    elif levels[0] != levels[1]:
        yield f"discriminator.levels = {levels[1]} must be generator.levels, {levels[0]}, for both to grow together"


def a_loss_orders_the_models(cfg: DictConfig) -> Iterator[str]:
    """What keeps the best checkpoint, or ends a trial early, says how good a model is."""
    if declared(target(get(cfg, "model")), "losses_rank_models") is not False:
        return
    for key in ("callbacks.checkpoints.monitor", "callbacks.pruning.metric"):
        name = get(cfg, key)
        if isinstance(name, str) and name in ("val/loss", "val/discriminator", "val/discriminator_total"):
            yield (
                f"{key} = {name!r}: the losses of two players do not say how good samples are: take "
                "callbacks=scored with callbacks.scores.monitor=fid_digits, or another of its scores"
            )


def two_domains_are_translated(cfg: DictConfig) -> Iterator[str]:
    """A model that translates has data of two domains, and no other model has them."""
    model, data = target(get(cfg, "model")), target(get(cfg, "dataset"))
    needs, has = declared(model, "needs_two_domains"), declared(data, "has_two_domains")
    if needs and not has and data.startswith("genlab.data."):
        yield "this model translates between two domains: take dataset=emoji_pair or dataset=two_folders"
    if has and not needs and model.startswith("genlab.models."):
        yield "this dataset has two domains, which model=translation alone learns from: take that, or another dataset"


def generators_take_what_the_model_has(cfg: DictConfig) -> Iterator[str]:
    """A model that translates has pictures for its generators, an adversarial one has latent vectors."""
    model, generator = target(get(cfg, "model")), get(cfg, "generator")
    if not isinstance(generator, DictConfig) or not model.startswith("genlab.models."):
        return
    name, translates = target(generator).rpartition(".")[2], declared(model, "needs_two_domains")
    if translates and "latent_size" in generator:
        yield f"generator: {name} makes data of latent vectors, and this model translates: take resnet or unet"
    if not translates and declared(target(generator), "takes_pictures"):
        yield f"generator: {name} makes pictures of pictures: take model=translation, or generator=dcgan"


def _shown(value: object) -> str:
    return "null" if value is None else str(value)
