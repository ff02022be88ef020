using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Training;

/// <summary>Batches that are run in parts, and what is said where even a part does not fit into memory.</summary>
public sealed class MicroBatchTests
{
    private static readonly TrainerOptions _options = new() { Epochs = 2, BatchSize = 16, Seed = 4, LearningRate = 0.02f, ValidationFraction = 0.2f };

    [Fact]
    public void Parts_train_like_whole_batches() => GradientAccumulation.Check(new ReferenceBackend(), 1e-5);

    [Theory]
    [InlineData(16)]
    [InlineData(500)]
    public void Parts_of_a_batch_or_more_are_whole_batches(int microBatch)
        => Assert.Equal(Fit(new ReferenceBackend(), _options).Network.Weights, Fit(new ReferenceBackend(), _options with { MicroBatchSize = microBatch }).Network.Weights);

    [Fact]
    public void An_interrupted_training_in_parts_goes_on_as_if_it_had_never_stopped()
    {
        var folder = Directory.CreateTempSubdirectory("convnet-").FullName;
        try
        {
            var options = _options with { MicroBatchSize = 5, Epochs = 4 };
            var interrupted = options with { CheckpointPath = Path.Combine(folder, "training.checkpoint"), Epochs = 2 };
            var expected = Fit(new ReferenceBackend(), options);
            Fit(new ReferenceBackend(), interrupted);
            var resumed = Fit(new ReferenceBackend(), interrupted with { Epochs = 4 });
            Assert.Equal(expected.Network.Weights, resumed.Network.Weights);
            Assert.Equal(expected.History, resumed.History);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Each_part_drops_other_elements()
    {
        // Two samples that are the same: with the same mask in both parts, one part would do.
        var x = Enumerable.Repeat(1f, 2 * 64).ToArray();
        var samples = new ArrayBatches(x, [1, 8, 8], [0, 0]);
        var options = new TrainerOptions { Epochs = 1, BatchSize = 2, Optimizer = Optimizer.Sgd(momentum: 0), LearningRate = 1 };
        Node NewNetwork() => Network.Input(1, 8, 8).Dropout(0.5f).Dense(2);
        var both = new Trainer(new ReferenceBackend(), options with { MicroBatchSize = 1 }).Fit(NewNetwork(), samples);
        var one = new Trainer(new ReferenceBackend(), options with { BatchSize = 1 }).Fit(NewNetwork(), new ArrayBatches(x[..64], [1, 8, 8], [0]));
        Assert.NotEqual(one.Network.Weights, both.Network.Weights);
    }

    [Fact]
    public void A_plan_applies_the_gradients_of_parts_by_their_shares()
    {
        Network network = Network.Input([2]).Dense(1, bias: false);
        network.Initialize(0);
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        var computation = Computation.Training(Loss.MeanSquaredError.Mean(network.Output, target), Optimizer.Sgd(momentum: 0)) with { AccumulatesGradients = true };
        using var plan = Plan.Compile(computation, network.Layout, new ReferenceBackend(), 1);
        var weights = new float[network.Layout.Length];
        for (var round = 0; round < 2; round++)
        {
            plan.WriteVariables(new float[network.Layout.Length]);
            Part([1, 0], value: -1, share: 0.25f);
            Part([0, 1], value: 2, share: 0.75f);
            plan.ReadVariables(weights);
            Assert.Equal([0, 0], weights[..2]);
            plan.ApplyGradients(new RunState(0, 0, LearningRate: 1));
            plan.ReadVariables(weights);

            // w ← 0 − Σ share·2·(0 − target)·x
            Assert.Equal([-0.5f, 3f], weights[..2]);
        }

        void Part(float[] x, float value, float share)
        {
            plan.Write(network.Inputs[0], x);
            plan.Write(target, [value]);
            plan.RunPart(1, share);
        }
    }

    [Fact]
    public void A_plan_that_does_not_accumulate_has_no_parts()
    {
        Network network = Network.Input([2]).Dense(1);
        network.Initialize(0);
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, new ReferenceBackend(), 1);
        Assert.Throws<InvalidOperationException>(() => plan.RunPart(1, 1));
        Assert.Throws<InvalidOperationException>(() => plan.ApplyGradients(default));
    }

    [Fact]
    public void Too_little_memory_is_an_error_that_says_what_fits()
    {
        // Room for parts of five samples, but not of six.
        var probe = new LimitedBackend(long.MaxValue);
        Fit(probe, _options with { MicroBatchSize = 5 });
        var backend = new LimitedBackend(probe.Most);
        var error = Assert.Throws<InsufficientMemoryException>(() => Fit(backend, _options));
        Assert.Contains("MicroBatchSize = 5 keeps the batch of 16", error.Message, StringComparison.Ordinal);
        Assert.Contains("no room", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, backend.Taken);
        Assert.Throws<InsufficientMemoryException>(() => Fit(backend, _options with { MicroBatchSize = 6 }));
        Fit(backend, _options with { MicroBatchSize = 5 });
        Fit(backend, _options with { BatchSize = 5 });
        Assert.Contains("Not even one", Assert.Throws<InsufficientMemoryException>(() => Fit(new LimitedBackend(100), _options)).Message, StringComparison.Ordinal);
    }

    private static TrainingResult Fit(IBackend backend, TrainerOptions options) => new Trainer(backend, options).Fit(Bars.Network(), Bars.Make(60));

    /// <summary>The reference backend with so many floats of memory.</summary>
    private sealed class LimitedBackend(long floats) : IBackend
    {
        private readonly ReferenceBackend _reference = new();

        public long Taken { get; private set; }

        public long Most { get; private set; }

        public string Name => "limited";

        public IReadOnlyList<IPass> Passes => [];

        public DeviceBuffer Allocate(long length)
        {
            if (Taken + length > floats)
                throw new InsufficientMemoryException($"There is no room for {length} floats.");
            Most = Math.Max(Most, Taken += length);
            return new Buffer(this, _reference.Allocate(length));
        }

        public Kernel? Find(OpSignature signature) => null;

        public void Synchronize() { }

        private sealed class Buffer(LimitedBackend backend, DeviceBuffer memory) : DeviceBuffer
        {
            public override long Length => memory.Length;

            public override Span<float> HostSpan(long offset, int length) => memory.HostSpan(offset, length);

            public override void Write(long offset, ReadOnlySpan<float> source) => memory.Write(offset, source);

            public override void Read(long offset, Span<float> destination) => memory.Read(offset, destination);

            protected override void Dispose(bool disposing)
            {
                backend.Taken -= Length;
                base.Dispose(disposing);
            }
        }
    }
}
