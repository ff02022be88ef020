using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;
using Buffer = Microsoft.ML.ConvNet.Compile.MemoryPlanner.Buffer;

namespace Microsoft.ML.ConvNet.Tests.Compile;

public class MemoryPlannerTests
{
    [Fact]
    public void Buffers_that_live_at_the_same_time_never_overlap()
    {
        for (var seed = 0ul; seed < 200; seed++)
        {
            var buffers = RandomBuffers(seed);
            var (offsets, arena) = MemoryPlanner.Place(buffers);
            for (var i = 0; i < buffers.Length; i++)
            {
                Assert.Equal(0, offsets[i] % MemoryPlanner.Alignment);
                Assert.InRange(offsets[i], 0, arena - buffers[i].Length);
                for (var j = 0; j < i; j++)
                {
                    var apart = offsets[i] + buffers[i].Length <= offsets[j] || offsets[j] + buffers[j].Length <= offsets[i];
                    Assert.True(apart || !LiveTogether(buffers[i], buffers[j]), $"seed {seed}: {buffers[i]} at {offsets[i]} meets {buffers[j]} at {offsets[j]}");
                }
            }
        }
    }

    [Fact]
    public void The_arena_is_between_what_the_fullest_step_needs_and_what_all_buffers_need()
    {
        for (var seed = 0ul; seed < 200; seed++)
        {
            var buffers = RandomBuffers(seed);
            var fullest = Enumerable.Range(0, 64).Max(step => buffers.Where(b => b.First <= step && step <= b.Last).Sum(b => b.Length));
            Assert.InRange(MemoryPlanner.Place(buffers).ArenaLength, fullest, buffers.Sum(b => Aligned(b.Length)));
        }
    }

    [Fact]
    public void A_chain_needs_no_more_than_two_neighbours_at_once()
    {
        // Each buffer is written at step i and read at step i + 1.
        Buffer[] chain = [.. Enumerable.Range(0, 20).Select(i => new Buffer(160, i, i + 1))];
        Assert.Equal(320, MemoryPlanner.Place(chain).ArenaLength);
    }

    [Fact]
    public void Buffers_of_different_times_share_one_place()
    {
        var (offsets, arena) = MemoryPlanner.Place([new Buffer(100, 0, 3), new Buffer(50, 4, 9), new Buffer(16, 10, 10)]);
        Assert.Equal([0, 0, 0], offsets);
        Assert.Equal(112, arena);
    }

    [Fact]
    public void A_small_buffer_goes_into_the_lowest_gap_that_fits()
    {
        // 64 at 0 (always), then 48 whose life ends early leaves the gap 64…111 below the third, which lived beside it.
        Buffer[] buffers = [new Buffer(64, 0, 9), new Buffer(48, 0, 4), new Buffer(32, 3, 9), new Buffer(16, 5, 9)];
        var (offsets, arena) = MemoryPlanner.Place(buffers);
        Assert.Equal([0, 64, 112, 64], offsets);
        Assert.Equal(144, arena);
    }

    [Fact]
    public void No_buffers_need_no_arena() => Assert.Equal(0, MemoryPlanner.Place([]).ArenaLength);

    [Theory]
    [InlineData(0, 2, 2, 5, true)]
    [InlineData(0, 2, 3, 5, false)]
    [InlineData(0, 9, 3, 5, true)]
    [InlineData(4, 4, 4, 4, true)]
    [InlineData(5, 6, 1, 4, false)]
    public void Buffers_overlap_when_some_step_needs_both(int first, int last, int otherFirst, int otherLast, bool overlaps)
        => Assert.Equal(overlaps, new Buffer(1, first, last).Overlaps(new Buffer(1, otherFirst, otherLast)));

    private static bool LiveTogether(Buffer a, Buffer b) => Enumerable.Range(a.First, a.Last - a.First + 1).Any(step => b.First <= step && step <= b.Last);

    private static long Aligned(long length) => (length + MemoryPlanner.Alignment - 1) / MemoryPlanner.Alignment * MemoryPlanner.Alignment;

    private static Buffer[] RandomBuffers(ulong seed)
    {
        var key = CounterRandom.Key(seed, 1, 0);
        return [.. Enumerable.Range(0, 1 + (int)(seed % 40)).Select(i =>
        {
            var first = Draw(3 * i, 50);
            return new Buffer(1 + Draw((3 * i) + 1, 300), first, first + Draw((3 * i) + 2, 12));
        })];

        int Draw(int counter, int below) => (int)(CounterRandom.Uniform(key, (uint)counter) * below);
    }
}
