using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet.Tests.Training;

/// <summary>Losses are kept in the memory of the backend until they are reported.</summary>
public class ProgressIntervalTests
{
    // More batches than are kept, and not a multiple of them.
    private const int Batches = 150;

    private static readonly TrainerOptions _options = new() { Epochs = 2, BatchSize = 2, Seed = 3 };

    [Fact]
    public void Reports_come_no_more_often_than_asked_for_and_losses_stay_the_same()
    {
        var (all, few) = (new List<TrainingProgress>(), new List<TrainingProgress>());
        var expected = Fit(new ReferenceBackend(), _options with { Progress = new Reporter(all.Add) });
        Assert.Equal(2 * (Batches + 1), all.Count);
        var actual = Fit(new ReferenceBackend(), _options with { Progress = new Reporter(few.Add), ProgressInterval = TimeSpan.MaxValue });
        Assert.All(few, r => Assert.True(r.EndOfEpoch));
        Assert.Equal(2, few.Count);
        Assert.Equal(expected.History, actual.History);
        Assert.Equal(expected.History, Fit(new ReferenceBackend(), _options).History);
    }

    [Fact]
    public void A_device_is_not_read_after_each_batch()
    {
        var backend = new CountingBackend();
        Fit(backend, _options with { Epochs = 1 });
        // The losses three times, and the values at the end.
        Assert.Equal(4, backend.Reads);
    }

    [Fact]
    public void A_training_that_diverges_ends_before_its_epoch_does_and_names_the_step()
    {
        var samples = Bars.Make(2 * Batches);
        var backend = new CountingBackend();
        var error = Assert.Throws<DivergedException>(() => new Trainer(backend, _options with { LearningRate = 1e30f, Optimizer = Optimizer.Sgd() }).Fit(Bars.Network(), samples));
        Assert.Matches(@"in epoch 1, step \d of 150", error.Message);
        Assert.Equal(1, backend.Reads);
    }

    [Fact]
    public void A_negative_interval_is_an_error()
        => Assert.Contains("ProgressInterval", Assert.Throws<ArgumentOutOfRangeException>(
            () => new Trainer(new ReferenceBackend(), _options with { ProgressInterval = TimeSpan.FromSeconds(-1) })).Message, StringComparison.Ordinal);

    private static TrainingResult Fit(IBackend backend, TrainerOptions options) => new Trainer(backend, options).Fit(Bars.Network(), Bars.Make(2 * Batches));

    /// <summary>The reference backend, which counts how often the trainer reads its memory.</summary>
    private sealed class CountingBackend : IBackend
    {
        private readonly ReferenceBackend _reference = new();

        public int Reads { get; private set; }

        public string Name => "counting";

        public IReadOnlyList<IPass> Passes => [];

        public DeviceBuffer Allocate(long length) => new Buffer(this, _reference.Allocate(length));

        public Kernel? Find(OpSignature signature) => null;

        public void Synchronize()
        {
        }

        private sealed class Buffer(CountingBackend backend, DeviceBuffer memory) : DeviceBuffer
        {
            public override long Length => memory.Length;

            public override Span<float> HostSpan(long offset, int length) => memory.HostSpan(offset, length);

            public override void Write(long offset, ReadOnlySpan<float> source) => memory.Write(offset, source);

            public override void Read(long offset, Span<float> destination)
            {
                backend.Reads++;
                memory.Read(offset, destination);
            }
        }
    }
}
