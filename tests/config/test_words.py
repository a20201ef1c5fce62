"""What a command line means before Hydra reads it: a path arrives as it is, every other word is left alone."""

import os
import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlab.config.words import as_hydra_reads, quoted, understood, value_of, written
from genlab.errors import ConfigError

KEYS = [
    "run", "out", "folder", "rows", "ckpt_path", "captions", "image", "edit.mask", "dataset.source.path",
    "dataset.source.folder", "reference.source.path", "extractor.weights", "paths.output_dir", "paths.data_dir",
    "+trainer.default_root_dir", "++any.thing",
]  # fmt: skip
NAMES = [
    "res=16", "epoch=0-step=22.ckpt", "a,b", "a,b=3", "a b", " a", "a ", "it's", 'a"b', "[a]", "[a", "{a}", "{a:1}",
    "(a)", "choice(1,2)", "a(1)", "-a", "$a", "$", "a$b", "Häuser", "日本語", "a&b", "a;b", "a#b", "~a", "a!b",
    ".a", "50%", "1e3", "007", "null", "true", "a:b", "a\\b", "a\\", "a\\'b", "${a}", "${a", "a\nb", "'a'", "a,'b",
    "=", ",", "x=[1,2],y={a:b}.png",
]  # fmt: skip


def arrives(word, several=False):
    """The value that the real parser of overrides reads."""
    (read,) = understood([word], several)
    return OverridesParser.create().parse_override(read).value()


@pytest.fixture(params=NAMES)
def odd_path(request, tmp_path):
    """A file of a nasty name in a folder of the same name."""
    folder = tmp_path / request.param
    folder.mkdir()
    file = folder / f"{request.param}.png"
    file.touch()
    return file


@pytest.mark.parametrize("several", [False, True])
def test_a_path_arrives_under_every_key_and_whatever_its_name(odd_path, several, monkeypatch):
    monkeypatch.chdir(odd_path.parents[1])
    for key in KEYS:
        for path in (str(odd_path), str(odd_path.parent), os.path.join(".", odd_path.parent.name)):
            value = arrives(f"{key}={path}", several)
            assert value.replace("\\${", "${") == path
            assert understood(understood([f"{key}={path}"], several), several) == understood([f"{key}={path}"], several)


PROMPTS = [
    "a cat, sitting (happy)", "a=b", "it's", 'a "red" cat', "[a, b]", "{a: b}", "choice(a,b)", "range(1,3)", "3", "1e3",
    "true", "a cat,a dog", "cost ${5}", "${", "a\\b", "a\\", "'a' and 'b'", '"a" cat', "100 %", "~x", "a\nb", "猫", "*",
]  # fmt: skip


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_arrives_as_it_is_written(prompt, several):
    for key in ("prompt", "negative_prompt", "++edit.prompt"):
        (read,) = words = understood([f"{key}={prompt}"], several)
        assert OverridesParser.create().parse_override(read).value().replace("\\${", "${") == prompt
        assert understood(words, several) == words


def test_a_prompt_in_quotes_is_what_is_within_them_and_several_such_are_a_sweep():
    assert arrives("prompt='a cat, sitting'") == "a cat, sitting"
    assert arrives('prompt="it\'s"') == "it's"
    assert arrives("prompt=null") is None
    assert arrives("prompt=") == ""
    assert arrives("prompt=${oc.env:PROMPT}") == "${oc.env:PROMPT}"
    sweep = OverridesParser.create().parse_override(*understood(["prompt='a, b','c'"], True))
    assert list(sweep.sweep_string_iterator()) == ["'a, b'", "'c'"]
    with pytest.raises(ConfigError, match="add -m for a run of each"):
        understood(["prompt='a','b'"], False)


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_any_prompt_that_begins_with_a_letter_arrives(text):
    assert arrives(f"prompt=a{text}").replace("\\${", "${") == f"a{text}"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=12))
def test_any_path_that_exists_arrives(tmp_path, name):
    path = tmp_path / f"{name}.x"
    path.touch()
    for several in (False, True):
        assert arrives(f"key={path}", several).replace("\\${", "${") == str(path)


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in ("1e3", "null", "true", "[a]", "{a}", "{a:1}", "choice(1,2)", "'a'")]
)
def test_a_bare_name_that_exists_arrives(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    assert arrives(f"image={name}").replace("\\${", "${") == name


@pytest.mark.parametrize(
    "path", ["/no/where/a=b,c", "./a=[b]", "../a (1)/b", "~/a=b", "new=1/run,2=3", "Größe=3.png", "a=b.ckpt"]
)
def test_a_path_need_not_exist_yet(path):
    assert arrives(f"out={path}") == path


@pytest.mark.parametrize("reference", ["${paths.output_dir}/a=b", "${add:${seed},3}", "${seed}", "t_${seed}"])
def test_a_reference_to_another_key_stays_one(reference):
    assert arrives(f"out={reference}") == reference


ORDINARY = [
    "seed=1", "optimizer.lr=1e-3", "tags=[a,b]", "tags=['a b',c]", "optimizer={lr:0.1,betas:[0.9,0.99]}", "seed=0",
    "ckpt_path=null", "task_name='x y'", 'task_name="x=y"', "task_name=t_${seed}", "~callbacks.previews",
    "~logger=wandb", "+a.b=c", "++a.b=true", "dataset@reference=mnist", "hydra/launcher=submitit_slurm", "a=",
    "experiment=a/b",    "x=a\\,b", "x=a\\=b", "x=int(3)", "x=-1e-3", "x=.5", "x=$y", "x=a:b", "x=C\\:\\\\a",
]  # fmt: skip
SWEPT = [
    "seed=1,2", "experiment=a/b,c/d", "seed=range(0,3)", "lr=interval(0,1)", "lr=tag(log,interval(1e-4,1e-2))",
    "experiment=glob(diffusion/*)", "a=choice([1,2],[3])", "tags=[a,b],[c]", "x='a,b',c", "seed=null,1",
    "experiment=glob(diffusion/*,exclude=*digits)", "optimizer={lr:1},{lr:2}", "x=sort(3,1)", "x=shuffle(1,2)",
]  # fmt: skip


@pytest.mark.parametrize("word", ORDINARY + SWEPT)
def test_ordinary_words_are_left_alone(word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("0", "1", "seed", "null", "[a,b]", "1,2"):  # a file of such a name changes no setting of a sweep
        (tmp_path / name).touch()
    assert understood([word], several=True) == [word]
    if word in ORDINARY:
        assert understood([word], several=False) == [word]


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("tags=[a", "'tags=[a' cannot be read; if '[a' is one text, write 'tags=\"[a\"'"),
        ("tags=[a/b", "'tags=[a/b' cannot be read"),
        ("a=b,c=d", "'a=b,c=d' cannot be read; if 'b,c=d' is one text, write 'a=\"b,c=d\"'"),
        ("a=it's", "cannot be read"),
        ("a=choice(", "cannot be read"),
        (
            "a=choice()",
            "'a=choice()' is not possible: ValueError while evaluating 'choice()': empty choice is not legal",
        ),
        ("seed=1,2", "seed=1,2 gives several values: add -m for a run of each; if '1,2' is one text"),
        ("lr=interval(0,1)", "lr=interval(0,1) gives several values: add -m"),
        ("seed", "'seed' sets nothing: settings are written key=value"),
        ("=3", "'=3' begins with no key"),
        ("a b=3", "'a b=3' begins with no key"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_remedy(word, sentence):
    with pytest.raises(ConfigError) as error:
        understood(["seed=1" if word != "seed=1,2" else "x=1", word], several=False)
    (problem,) = error.value.problems
    assert sentence in problem


@pytest.mark.parametrize("value", ["[a", "b,c=d", "it's", 'say "x', "a\\'b,", "x,y z=1"])
def test_the_remedy_works_in_a_shell(value):
    with pytest.raises(ConfigError) as error:
        understood([f"key={value}"], several=False)
    _, remedy = str(error.value).split(" is one text, write ")
    (word,) = shlex.split(remedy)
    assert arrives(word) == value


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["a=1", "a=2"], True), (["a=1", "b=2", "a=1"], True), (["a=1", "+a=2"], True), (["++a.b=1", "a.b=2"], True),
        (["x/y=1", "x/y=2"], True), (["g@p=1", "g@p=2"], True), (["~a", "~a"], True), (["a=1,2", "a=3"], True),
        (["a=1", "b=1"], False), (["g=1", "g@p=1"], False), (["~a", "+a=1"], False), (["a=1", "a.b=1"], False),
    ],
)  # fmt: skip
def test_a_key_is_given_once(words, refused):
    if refused:
        with pytest.raises(ConfigError, match=r"is given twice, as \S+ and as \S+: give it once"):
            understood(words, several=True)
    else:
        assert understood(words, several=True) == words


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ConfigError) as error:
        understood(["a=1", "a=2", "tags=[", "foo"], several=False)
    assert len(error.value.problems) == 3


def test_flags_come_first_with_their_values_and_are_no_words():
    argv = [
        "seed=1",
        "--config-dir",
        "a=b=c",
        "-m",
        "run=/x/a=1",
        "--cfg",
        "job",
        "--info",
        "defaults",
        "--config-name=a=b",
    ]
    flags = ["--config-dir", "a=b=c", "-m", "--cfg", "job", "--info", "defaults", "--config-name=a=b"]
    assert as_hydra_reads(argv) == [*flags, "seed=1", "run='/x/a=1'"]


def test_a_plain_key_is_looked_up_as_hydra_reads_it():
    words = ["run='a/b c'", "paths.output_dir=/x/y=1", "n=007", "m=1e3", "s=1,2"]
    asked = ("run", "paths.output_dir", "n", "m", "s", "absent")
    assert [value_of(words, key, "-") for key in asked] == ["a/b c", "/x/y=1", "007", "1e3", "1,2", "-"]


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), inner, max_size=3)
    ),
)


@settings(max_examples=200)
@given(values)
def test_what_is_written_is_read_back(value):
    read = OverridesParser.create().parse_override(f"key={written(value)}")
    assert not read.is_sweep_override()
    assert read.value() == value
    assert type(read.value()) is type(value)


@given(st.text(max_size=12))
def test_quotes_keep_any_text(text):
    assert OverridesParser.create().parse_override(f"key={quoted(text)}").value() == text
