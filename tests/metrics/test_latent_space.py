import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from genlab.metrics.latent_space import pca, save_maps, summarise, tsne

rng = np.random.default_rng(0)


def clusters(centres: list[list[float]], n: int = 200, width: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    centres_ = np.array(centres)
    labels = np.arange(n * len(centres)) % len(centres)
    return centres_[labels] + width * rng.standard_normal((len(labels), centres_.shape[1])), labels


def test_distances_are_in_units_of_a_classes_width():
    codes, labels = clusters([[0, 0], [3, 0], [0, 4]], n=5000)
    summary = summarise(codes, labels)
    assert summary.spread == pytest.approx(0.5 * np.sqrt(2), rel=0.02)
    expected = np.array([[0, 3, 4], [3, 0, 5], [4, 5, 0]]) / summary.spread
    np.testing.assert_allclose(summary.distances, expected, atol=0.1)


def test_a_latent_space_of_another_scale_has_the_same_distances():
    codes, labels = clusters([[0, 0], [3, 0], [0, 4]])
    np.testing.assert_allclose(summarise(7 * codes, labels).distances, summarise(codes, labels).distances)


def test_neighbours_the_closest_group_and_the_one_apart():
    codes, labels = clusters([[0, 0], [1, 0], [0, 1], [9, 9], [10, 0]], width=0.1)
    summary = summarise(codes, labels)
    assert summary.nearest(1)[0] in ([1], [2])
    assert set(summary.nearest(2)[0]) == {1, 2}
    assert summary.nearest(1)[3] == [4]
    assert summary.closest_group(3) == (0, 1, 2)
    assert summary.most_apart() == 3 or summary.most_apart() == 4


def test_the_silhouette_is_scikit_learns_and_falls_with_overlap():
    apart, labels = clusters([[0, 0], [5, 0], [0, 5]])
    mixed, _ = clusters([[0, 0], [0.5, 0], [0, 0.5]])
    assert summarise(apart, labels).silhouette == pytest.approx(silhouette_score(apart, labels))
    assert summarise(apart, labels).silhouette > 0.7 > 0.3 > summarise(mixed, labels).silhouette
    by_class = summarise(apart, labels).silhouette_by_class
    assert by_class.mean() == pytest.approx(summarise(apart, labels).silhouette)


def test_labels_need_not_begin_at_zero_or_be_whole():
    codes, labels = clusters([[0, 0], [3, 0]])
    assert summarise(codes, labels * 5 + 2).classes == (2, 7)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="2 classes or more"):
        summarise(np.zeros((4, 2)), np.zeros(4, dtype=int))


def test_pca_is_scikit_learns_up_to_sign():
    codes = rng.standard_normal((100, 5)) @ rng.standard_normal((5, 5))
    points, share = pca(codes)
    reference = PCA(2).fit(codes)
    np.testing.assert_allclose(np.abs(points), np.abs(reference.transform(codes)), atol=1e-8)
    np.testing.assert_allclose(share, reference.explained_variance_ratio_)


def test_pca_of_the_negated_codes_is_the_negated_picture_or_the_same():
    codes = rng.standard_normal((50, 3))
    np.testing.assert_allclose(np.abs(pca(codes)[0]), np.abs(pca(-codes)[0]))


def test_tsne_keeps_far_clusters_apart_and_repeats_itself(tmp_path):
    codes, labels = clusters([[0, 0, 0], [20, 0, 0], [0, 20, 0]], n=40)
    points = tsne(codes, perplexity=10)
    assert summarise(points, labels).silhouette > 0.6
    np.testing.assert_array_equal(points, tsne(codes, perplexity=10))
    save_maps(tmp_path / "tsne.png", {"PCA": pca(codes)[0], "t-SNE": points}, labels)
    from PIL import Image

    picture = np.asarray(Image.open(tmp_path / "tsne.png").convert("RGB"))
    for half in np.array_split(picture, 2, axis=1):  # the classes' colours are on both maps
        assert len(np.unique(half.reshape(-1, 3), axis=0)) > 10
