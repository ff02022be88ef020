using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Gpu;
using Microsoft.ML.ConvNet.Ops;
using Microsoft.ML.ConvNet.Scoring;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Batches are scored on the GPU, here ILGPU's accelerator on the CPU, and single rows on the CPU.</summary>
public sealed class ScoringDeviceTests : IDisposable
{
    private const int Rows = 9;

    private readonly GpuBackend _gpu = GpuBackend.OnCpu();
    private readonly Network _network = Samples.VectorNetwork();
    private readonly float[] _rows = [.. Enumerable.Range(0, Rows * Samples.Size * Samples.Size).Select(i => (float)CounterRandom.Uniform(3, (uint)i))];
    private readonly List<ConvNetDevice> _opened = [];
    private readonly GpuOptions _options = new() { AllowTf32 = true };

    public ScoringDeviceTests() => _network.Initialize(1);

    public void Dispose() => _gpu.Dispose();

    [Fact]
    public void Batches_are_scored_on_the_GPU_as_on_the_CPU()
    {
        var expected = Scores(ConvNetDevice.Cpu, Rows);
        Assert.Empty(_opened);
        var actual = Scores(ConvNetDevice.Gpu(3), Rows);
        Assert.Equal([ConvNetDevice.Gpu(3)], _opened);
        Assert.NotEqual(expected, actual);
        Assert.All(expected.Zip(actual), s => Assert.Equal(s.First, s.Second, 1e-5f));
    }

    [Fact]
    public void Single_rows_are_scored_on_the_CPU()
    {
        Assert.Equal(Scores(ConvNetDevice.Cpu, 1), Scores(ConvNetDevice.Gpu(0), 1));
        Assert.Empty(_opened);
    }

    [Fact]
    public async Task One_GPU_serves_many_threads_one_at_a_time()
    {
        var device = Device(ConvNetDevice.Gpu(0), gate => new Gated(_gpu, gate));
        var expected = Scores(ConvNetDevice.Gpu(0), Rows);
        using var start = new Barrier(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Factory.StartNew(() => Predict(i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        void Predict(int i)
        {
            start.SignalAndWait();
            using var predictor = device.Compile(_network, Rows + (i % 3), ofPixels: false);
            var scores = new float[expected.Length];
            for (var round = 0; round < 5; round++)
            {
                predictor.Predict(_rows, scores);
                Assert.Equal(expected, scores);
            }
        }
    }

    private float[] Scores(ConvNetDevice device, int rows)
    {
        using var predictor = Device(device).Compile(_network, rows, ofPixels: false);
        var scores = new float[rows * predictor.OutputShape.Length];
        predictor.Predict(_rows.AsSpan(0, rows * Samples.Size * Samples.Size), scores);
        return scores;
    }

    private ScoringDevice Device(ConvNetDevice device, Func<Func<Lock>, IBackend>? gpu = null)
    {
        ScoringDevice.Shared shared = null!;
        shared = new ScoringDevice.Shared(gpu?.Invoke(() => shared.Gate) ?? _gpu);
        return new(((IHostEnvironment)new MLContext()).Register("test"), new ChosenDevice(device, FallsBack: false) { GpuOptions = _options }, (asked, options) =>
        {
            Assert.Equal(_options, options);
            lock (_opened)
                _opened.Add(asked);
            return shared;
        });
    }

    /// <summary>A backend that fails where it is used by a thread that does not hold the gate.</summary>
    private sealed class Gated(IBackend backend, Func<Lock> gate) : IBackend
    {
        public string Name => backend.Name;

        public IReadOnlyList<IPass> Passes => backend.Passes;

        public DeviceBuffer Allocate(long length) => Held().Allocate(length);

        public Kernel? Find(OpSignature signature) => Held().Find(signature);

        public void Synchronize() => Held().Synchronize();

        private IBackend Held()
        {
            Assert.True(gate().IsHeldByCurrentThread);
            return backend;
        }
    }
}
