"""What devices send each other is counted from the text of a compiled program."""

from tools.bench.growth import sent_bytes

PROGRAM = """
  %sum = (f32[8,4]{1,0}, /*index=1*/bf16[10]{0}) all-reduce(%a, %b), replica_groups={{0,1},{2,3}}
  %whole = f32[16,4]{1,0} all-gather(%part), channel_id=2, replica_groups=[2,4]<=[8], dimensions={0}
  %part = f32[2]{0} reduce-scatter(%c), replica_groups={{0,1,2,3}}, dimensions={0}, to_apply=%add
  %alone = f32[100]{0} all-reduce(%d), replica_groups={{0},{1}}, to_apply=%add
  %moved = s32[3]{0} collective-permute(%e), source_target_pairs={{0,1},{1,0}}
  %no = f32[7]{0} add(%all-reduce.1, %all-gather.2)
"""


def test_each_collective_counts_the_larger_side_and_groups_of_one_nothing():
    assert sent_bytes(PROGRAM) == {
        "all-reduce": 8 * 4 * 4 + 10 * 2,
        "all-gather": 16 * 4 * 4,
        "reduce-scatter": 2 * 4 * 4,
        "collective-permute": 3 * 4,
    }
