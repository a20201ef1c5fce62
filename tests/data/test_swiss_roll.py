import math

import torch

from genlab.data.swiss_roll import SwissRoll


def test_without_noise_every_point_is_on_the_roll():
    x = SwissRoll(2000, noise=0.0).items("train")[0]
    radius, angle = 10 * x.norm(dim=1), torch.atan2(x[:, 1], x[:, 0])
    assert torch.allclose((radius - angle).remainder(2 * math.pi).sub(math.pi).abs(), torch.tensor(math.pi), atol=1e-3)
    assert float(radius.min()) >= 1.5 * math.pi - 1e-4
    assert float(radius.max()) <= 4.5 * math.pi + 1e-4


def test_the_noise_is_as_wide_as_it_says():
    clean, noisy = (SwissRoll(5000, noise).items("train")[0] for noise in (0.0, 0.1))
    assert abs(float((noisy - clean).std()) - 0.1) < 0.005


def test_splits_differ_and_do_not_depend_on_the_seed():
    one, two = SwissRoll(1000, seed=1), SwissRoll(1000, seed=2)
    assert torch.equal(one.items("train")[0], two.items("train")[0])
    assert one.checksum == two.checksum != SwissRoll(1000, noise=0.2).checksum
    assert not torch.equal(one.items("val")[0], one.items("test")[0])


def test_an_epoch_is_every_point_once_in_the_seeds_order():
    data = SwissRoll(1000, batch_size=100, seed=3)
    batches = list(data.train_dataloader())
    assert [batch.x.shape for batch in batches] == [(100, 2)] * 10
    seen = torch.cat([batch.x for batch in batches])
    assert torch.equal(seen.sort(0).values, data.items("train")[0].sort(0).values)
    assert torch.equal(
        seen, torch.cat([batch.x for batch in SwissRoll(1000, batch_size=100, seed=3).train_dataloader()])
    )
    assert sum(len(batch.x) for batch in data.val_dataloader()) == data.n_val == 100
