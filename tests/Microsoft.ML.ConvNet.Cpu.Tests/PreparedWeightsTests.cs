using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Cpu;

/// <summary>What plans keep of the weights from run to run follows the weights.</summary>
public sealed class PreparedWeightsTests : IDisposable
{
    private const int Batch = 20;

    private readonly CpuBackend _backend = new(threads: 2);
    private readonly Network _network = Network.Input(3, 12, 12)
        .Conv(16, 3, padding: 1).BatchNorm().Relu().Conv(32, 3, padding: 1).BatchNorm().Relu().Conv(5, 3, stride: 2).Relu().DepthwiseConv(3).Conv(48, 1)
        .Dense(70).Relu().Dense(4);

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void Predictions_follow_new_weights()
    {
        using var plan = Inference();
        foreach (var seed in new[] { 1, 2, 3 })
        {
            _network.Initialize(seed);
            plan.WriteVariables(_network.Weights);
            using var fresh = Inference();
            fresh.WriteVariables(_network.Weights);

            // A batch of one makes other products than a full one.
            foreach (var batch in new[] { 1, Batch, 1, 7 })
                Assert.Equal(Run(fresh, batch), Run(plan, batch));
        }
    }

    [Fact]
    public void Predictions_follow_a_training_whose_weights_they_share()
    {
        _network.Initialize(1);
        var target = new Node(new InputOp { Shape = [1] }, [], "target");
        var computation = Computation.Training(Loss.SoftmaxCrossEntropy.Mean(_network.Output, target), Optimizer.Sgd());
        using var training = Plan.Compile(computation, _network.Layout, _backend, Batch);
        training.WriteVariables(_network.Weights);
        using var plan = Plan.Compile(Computation.Inference(_network.Output), _network.Layout, _backend, Batch, variablesOf: training);
        var before = Run(plan, Batch);
        var values = new float[_network.Layout.Length];
        for (var step = 0; step < 3; step++)
        {
            training.Write(_network.Inputs[0], Images(Batch));
            training.Write(target, [.. Enumerable.Range(0, Batch).Select(i => i % 4f)]);
            training.Run(Batch, new RunState(1, step, 0.1f));
            training.ReadVariables(values);
            using var fresh = Inference();
            fresh.WriteVariables(values);
            Assert.Equal(Run(fresh, Batch), Run(plan, Batch));
        }

        Assert.NotEqual(before, Run(plan, Batch));
    }

    private Plan Inference() => Plan.Compile(Computation.Inference(_network.Output), _network.Layout, _backend, Batch);

    private float[] Run(Plan plan, int batch)
    {
        plan.Write(_network.Inputs[0], Images(batch));
        plan.Run(batch);
        var output = new float[batch * 4];
        plan.Read(0, output);
        return output;
    }

    private float[] Images(int batch)
        => [.. Enumerable.Range(0, batch * _network.Inputs[0].Shape.Length).Select(i => (float)CounterRandom.Normal(9, (uint)i))];
}
