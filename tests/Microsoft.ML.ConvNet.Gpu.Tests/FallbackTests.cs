using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>Which ops have no kernel: a new kernel leaves the list, and docs/gpu.md with it.</summary>
public class FallbackTests
{
    private static readonly string[] _expected =
    [
        "LpPool", "LpPoolGradient", "MaxPoolSwitches", "MaxUnpool", "MaxUnpoolGradient", "TiledConv", "TiledConvInputGradient", "TiledConvWeightGradient",
    ];

    [Fact]
    public void These_ops_run_by_the_engine()
        => Assert.Equal(string.Join(" ", _expected), string.Join(" ", OpCases.All.Where(c => KernelRunner.Find(TestBackend.Shared, c) == null).Select(c => c.Op.Name).Distinct().Order(StringComparer.Ordinal)));

    [Fact]
    public void An_op_that_runs_by_the_engine_reads_and_writes_the_device()
    {
        Network network = Network.Input(4, 3, 5).LpPool(2);
        network.Initialize(seed: 0);
        using var gpu = new Predictor(network, TestBackend.Shared);
        using var reference = new Predictor(network, new ReferenceBackend());
        var x = Enumerable.Range(0, 120).Select(i => (float)CounterRandom.Normal(1, (uint)i)).ToArray();
        float[] expected = new float[network.Output.Type.Length(2)], actual = new float[network.Output.Type.Length(2)];
        reference.Predict(x, expected);
        gpu.Predict(x, actual);
        Assert.Equal(expected, actual);
    }
}
