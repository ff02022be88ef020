using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests.Training;

public class TrainerOptionsTests
{
    public static TheoryData<string, TrainerOptions> OutOfRange => new()
    {
        { "Epochs", new() { Epochs = 0 } },
        { "Epochs", new() { Epochs = -1 } },
        { "BatchSize", new() { BatchSize = 0 } },
        { "BatchSize", new() { BatchSize = -32 } },
        { "MicroBatchSize", new() { MicroBatchSize = 0 } },
        { "LearningRate", new() { LearningRate = 0 } },
        { "LearningRate", new() { LearningRate = -0.1f } },
        { "LearningRate", new() { LearningRate = float.NaN } },
        { "LearningRate", new() { LearningRate = float.PositiveInfinity } },
        { "ValidationFraction", new() { ValidationFraction = -0.1f } },
        { "ValidationFraction", new() { ValidationFraction = 1 } },
        { "ValidationFraction", new() { ValidationFraction = float.NaN } },
        { "EarlyStopping", new() { EarlyStopping = new EarlyStopping(Patience: 0) } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void An_option_out_of_range_is_refused_by_name(string name, TrainerOptions options)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new Trainer(new ReferenceBackend(), options));
        Assert.Equal(name, error.ParamName);
        Assert.StartsWith($"{name} must be ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_in_range() => Assert.NotNull(new Trainer(new ReferenceBackend(), new TrainerOptions()));
}
