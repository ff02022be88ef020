using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Compile.Passes;

/// <summary>Activations that are computed again in the backward pass take less memory and change nothing.</summary>
public class RecomputeActivationsTests
{
    private const int Batch = 2;

    private static readonly Node _target = new(new InputOp { Shape = [1] }, [], "target");

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(50)]
    public void Losses_gradients_and_states_are_the_same_bit_by_bit(int segments)
    {
        Network network = Input().Conv(4, 3, padding: 1).BatchNorm().Relu().Residual(4).Dropout(0.3f).Residual(6, stride: 2).MaxPool(2).Dense(3);
        var (expected, _) = Run(network, 0);
        var (actual, _) = Run(network, segments);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_deep_network_takes_less_memory()
    {
        var x = Input();
        for (var i = 0; i < 16; i++)
            x = x.Conv(4, 3, padding: 1).Relu();
        Network network = x.Dense(3);
        var (_, before) = Run(network, 0);
        var (_, after) = Run(network, 4);
        Assert.True(after < 0.6 * before, $"{after} bytes, {before} before");
    }

    [Fact]
    public void Only_the_last_activation_of_a_segment_is_kept()
    {
        var x = Input();
        for (var i = 0; i < 4; i++)
            x = x.Conv(4, 3, padding: 1).Tanh();
        var computation = Training(new Network(x.Dense(3)));
        var again = new RecomputeActivations(2).Run(computation, Batch).Order().Where(n => n.Name.EndsWith(".Again", StringComparison.Ordinal));

        // The first half but for its last activation.
        Assert.Equal(["conv1.Again", "conv2.Again", "tanh1.Again"], again.Select(n => n.Name).Order().Except(["tanh2.Again"]));
    }

    [Fact]
    public void What_cannot_be_cut_stays_as_it_is()
    {
        var x = Input();
        var computation = Training(new Network(x.Conv(2, 3).Concat(x.Conv(2, 3)).Flatten().Dense(3)));
        Assert.Same(computation, new RecomputeActivations(1).Run(computation, Batch));
        Assert.Same(computation, new RecomputeActivations(0).Run(computation, Batch));
        var inference = Computation.Inference(x.Conv(2, 3).Relu());
        Assert.Same(inference, new RecomputeActivations(2).Run(inference, Batch));
    }

    private static Node Input() => Network.Input([2, 8, 8], "image");

    private static Computation Training(Network network) => Computation.Training(Loss.SoftmaxCrossEntropy.Mean(network.Output, _target), Optimizer.Sgd());

    /// <summary>The loss, the gradients and the values after two steps, and the bytes of the arena.</summary>
    private static (float[] Values, long Bytes) Run(Network network, int segments)
    {
        network.Initialize(1);
        using var plan = Plan.Compile(new RecomputeActivations(segments).Run(Training(network), Batch), network.Layout, new ReferenceBackend(), Batch);
        plan.WriteVariables(network.Weights);
        var values = new List<float>();
        for (var step = 0; step < 2; step++)
        {
            plan.Write(network.Inputs[0], [.. Enumerable.Range(0, Batch * 128).Select(i => (float)CounterRandom.Normal(7, (uint)i))]);
            plan.Write(_target, [0, 2]);
            plan.Run(Batch, new RunState(3, step, 0.1f));
            float[] loss = [0], gradients = new float[network.Layout.TrainableLength], weights = new float[network.Layout.Length];
            plan.Read(0, loss);
            plan.ReadGradients(gradients);
            plan.ReadVariables(weights);
            values.AddRange([.. loss, .. gradients, .. weights]);
        }

        return ([.. values], plan.ArenaBytes);
    }
}
