using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>What has no kernel runs by the engine.</summary>
public class FallbackTests
{
    [Fact]
    public void Every_op_has_a_kernel()
        => Assert.Equal("", string.Join(", ", OpCases.All.Where(c => KernelRunner.Find(TestBackend.Shared, c) == null)));

    [Fact]
    public void An_op_that_runs_by_the_engine_reads_and_writes_the_device()
    {
        // More axes than a kernel's map of indices has.
        Network network = Network.Input([2, 2, 3, 2, 2, 3]).Permute(5, 4, 3, 2, 1, 0);
        network.Initialize(seed: 0);
        Assert.Null(TestBackend.Shared.Find(new OpSignature(network.Output.Op, [network.Inputs[0].Type], network.Output.Type, 2)));
        using var gpu = new Predictor(network, TestBackend.Shared);
        using var reference = new Predictor(network, new ReferenceBackend());
        var x = Enumerable.Range(0, 288).Select(i => (float)CounterRandom.Normal(1, (uint)i)).ToArray();
        float[] expected = new float[network.Output.Type.Length(2)], actual = new float[network.Output.Type.Length(2)];
        reference.Predict(x, expected);
        gpu.Predict(x, actual);
        Assert.Equal(expected, actual);
    }
}
