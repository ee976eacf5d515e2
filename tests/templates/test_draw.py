"""Draws are told by seeds, id and pass alone."""

from collections import Counter

from flan_mix.templates.draw import Draw, siphash

IDS = [f"train-{i}" for i in range(4000)]


def test_siphash_gives_the_number_of_its_authors():
    # Aumasson and Bernstein 2012, appendix A.
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(key, bytes(range(15))) == 0xA129CA6149BE45E5


def test_draws_are_uniform():
    counts = Counter(Draw("template", 0).index(i, 10) for i in IDS)
    chi_squared = sum((counts[i] - 400) ** 2 / 400 for i in range(10))
    assert chi_squared < 27.9  # 9 degrees of freedom, p = 0.001


def test_seeds_passes_and_purposes_draw_independently():
    draws = [
        Draw("template"),
        Draw("template", registered_seed=1),
        Draw("template", seed=1),
        Draw("template", pass_index=1),
        Draw("options"),
    ]
    series = [[draw.index(i, 10) for i in IDS] for draw in draws]
    for number, one in enumerate(series):
        for other in series[:number]:
            agreeing = sum(a == b for a, b in zip(one, other, strict=True))
            assert 300 < agreeing < 500  # 400 expected by chance


def test_passes_take_turns_until_all_have_been():
    for row_id in IDS[:50]:
        turns = [Draw("template", pass_index=i).turn(row_id, 7) for i in range(14)]
        assert turns[0] == Draw("template").index(row_id, 7)
        assert sorted(turns[:7]) == list(range(7))
        assert turns[7:] == turns[:7]


def test_negative_and_large_seeds_are_seeds_too():
    assert Draw("t", registered_seed=-1).rank("a") != Draw("t", registered_seed=1).rank("a")
    assert Draw("t", seed=2**40).rank("a") != Draw("t", seed=0).rank("a")
