using System.Numerics;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Ops;

public class CounterRandomTests
{
    [Fact]
    public void Numbers_are_spread_evenly_from_0_to_1()
    {
        const int Buckets = 64, Draws = 64_000;
        for (var seed = 0ul; seed < 4; seed++)
        {
            var counts = new int[Buckets];
            for (var i = 0u; i < Draws; i++)
                counts[(int)(CounterRandom.Uniform(CounterRandom.Key(seed, 0, 0), i) * Buckets)]++;
            var chiSquare = counts.Sum(c => Math.Pow(c - (Draws / Buckets), 2) / (Draws / Buckets));
            // χ² with 63 degrees of freedom: 63 ± 11.2; outside 28…112 once in a hundred thousand.
            Assert.InRange(chiSquare, 28, 112);
        }
    }

    [Fact]
    public void Every_bit_is_set_half_of_the_time()
    {
        var key = CounterRandom.Key(1, 2, 3);
        var counts = new int[32];
        for (var i = 0u; i < 10_000; i++)
            for (var bit = 0; bit < 32; bit++)
                counts[bit] += (int)(CounterRandom.Bits(key, i) >> bit) & 1;
        Assert.All(counts, c => Assert.InRange(c, 4750, 5250));
    }

    [Fact]
    public void Neighbouring_numbers_do_not_follow_each_other()
    {
        var key = CounterRandom.Key(1, 2, 3);
        var numbers = Enumerable.Range(0, 20_000).Select(i => CounterRandom.Uniform(key, (uint)i) - 0.5).ToArray();
        foreach (var lag in new[] { 1, 2, 3, 64 })
        {
            var correlation = numbers.Skip(lag).Zip(numbers, (a, b) => a * b).Average() * 12;
            Assert.InRange(correlation, -0.03, 0.03);
        }
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(ulong.MaxValue, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -1)]
    public void A_change_of_seed_salt_or_step_changes_half_of_the_bits(ulong seed, int salt, long step)
    {
        var (key, other) = (CounterRandom.Key(0, 0, 0), CounterRandom.Key(seed, salt, step));
        var changed = Enumerable.Range(0, 1000).Average(i => BitOperations.PopCount(CounterRandom.Bits(key, (uint)i) ^ CounterRandom.Bits(other, (uint)i)));
        Assert.InRange(changed, 15.5, 16.5);
    }

    [Fact]
    public void Keys_of_many_steps_and_salts_all_differ()
    {
        var keys = new HashSet<ulong>();
        for (var seed = 0ul; seed < 10; seed++)
            for (var salt = -1; salt < 20; salt++)
                for (var step = -1L; step < 50; step++)
                    Assert.True(keys.Add(CounterRandom.Key(seed, salt, step)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void A_permutation_has_each_index_once(int count)
    {
        var order = CounterRandom.Permutation(CounterRandom.Key(1, 0, 0), count);
        Assert.Equal(Enumerable.Range(0, count), order.Order());
    }

    [Fact]
    public void Every_order_of_four_comes_up_equally_often()
    {
        var counts = Enumerable.Range(0, 24_000)
            .CountBy(i => string.Concat(CounterRandom.Permutation(CounterRandom.Key(1, 0, i), 4))).Select(c => c.Value).ToArray();
        Assert.Equal(24, counts.Length);
        Assert.All(counts, c => Assert.InRange(c, 850, 1150));
    }
}
