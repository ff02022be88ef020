namespace Microsoft.ML.ConvNet.Tests.Training;

public class ScheduleTests
{
    [Fact]
    public void A_constant_rate_stays()
        => Assert.All([0, 1, 99, 1000], step => Assert.Equal(1, Schedule.Constant.Factor(step, 10, 10)));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(29, 1)]
    [InlineData(30, 0.5)]
    [InlineData(59, 0.5)]
    [InlineData(60, 0.25)]
    [InlineData(99, 0.125)]
    public void Steps_fall_after_every_so_many_epochs(long step, double factor)
        => Assert.Equal(factor, Schedule.Step(epochs: 3, factor: 0.5f).Factor(step, stepsPerEpoch: 10, epochs: 10));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(25, 0.85355339059327373)]
    [InlineData(50, 0.5)]
    [InlineData(75, 0.14644660940672624)]
    [InlineData(100, 0)]
    [InlineData(150, 0)]
    public void A_cosine_falls_from_1_to_0(long step, double factor)
        => Assert.Equal(factor, Schedule.Cosine().Factor(step, stepsPerEpoch: 10, epochs: 10), 1e-15);

    [Theory]
    [InlineData(0, 1.0 / 20)]
    [InlineData(1, 2.0 / 20)]
    [InlineData(9, 0.5)]
    [InlineData(19, 1)]
    [InlineData(20, 1)]
    [InlineData(40, 0.25 + (0.75 * 0.85355339059327373))]
    [InlineData(60, 0.25 + (0.75 * 0.5))]
    [InlineData(100, 0.25)]
    public void A_cosine_may_warm_up_first_and_end_above_0(long step, double factor)
        => Assert.Equal(factor, Schedule.Cosine(warmupEpochs: 2, final: 0.25f).Factor(step, stepsPerEpoch: 10, epochs: 10), 1e-15);

    [Fact]
    public void A_warm_up_may_be_a_part_of_an_epoch()
    {
        var schedule = Schedule.Cosine(warmupEpochs: 0.5f);
        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1], Enumerable.Range(0, 5).Select(s => Math.Round(schedule.Factor(s, 10, 4), 12)));
        Assert.Equal(1, schedule.Factor(5, 10, 4));
    }

    [Fact]
    public void A_warm_up_longer_than_the_training_only_rises()
        => Assert.All(Enumerable.Range(0, 20), s => Assert.Equal((s + 1) / 50.0, Schedule.Cosine(warmupEpochs: 5).Factor(s, 10, 2), 1e-15));

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Step(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Step(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Step(1, -0.5f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Cosine(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Cosine(0, -0.1f));
    }
}
