using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Backends;

/// <summary>The fallback on memory that the host cannot see, as that of a GPU.</summary>
public class ReferenceKernelTests
{
    [Fact]
    public void A_training_on_memory_of_a_device_gives_the_same_bits()
    {
        var expected = Train(new ReferenceBackend());
        var actual = Train(new DeviceBackend());
        Assert.Equal(expected, actual);
    }

    private static float[] Train(IBackend backend)
    {
        Network network = Network.Input(2, 6, 6).Conv(3, 3, padding: 1).BatchNorm().Relu().Dropout(0.2f).MaxPool(2).Dense(4).Tanh().Dense(3);
        network.Initialize(1);
        var target = Network.Input([1], "target");
        var loss = Loss.SoftmaxCrossEntropy.Mean(network.Output, target);
        using var plan = Plan.Compile(Computation.Training(loss, Optimizer.Adam()), network.Layout, backend, 4);
        plan.WriteVariables(network.Weights);
        for (var step = 0; step < 3; step++)
        {
            var batch = step == 1 ? 3 : 4;
            plan.Write(network.Inputs[0], [.. Enumerable.Range(0, batch * 72).Select(i => (float)CounterRandom.Normal(9, (uint)i))]);
            plan.Write(target, [.. Enumerable.Range(0, batch).Select(i => (float)(i % 3))]);
            plan.Run(batch, new RunState(1, step, 0.01f));
        }

        var weights = new float[network.Layout.Length];
        plan.ReadVariables(weights);
        return weights;
    }

    private sealed class DeviceBackend : IBackend
    {
        public string Name => "device";

        public IReadOnlyList<IPass> Passes => [];

        public DeviceBuffer Allocate(long length) => new Memory(length);

        public Kernel? Find(OpSignature signature) => null;

        public void Synchronize()
        {
        }

        private sealed class Memory(long length) : DeviceBuffer
        {
            private readonly float[] _values = new float[length];

            public override long Length => _values.Length;

            public override void Write(long offset, ReadOnlySpan<float> source) => source.CopyTo(_values.AsSpan((int)offset));

            public override void Read(long offset, Span<float> destination) => _values.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }
}
