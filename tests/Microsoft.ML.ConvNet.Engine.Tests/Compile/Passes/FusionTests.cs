using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Compile.Passes;

/// <summary>What a pass rewrites is gone, and outputs, gradients and new states are what they were, by the naive implementations in double precision.</summary>
public class FusionTests
{
    private const int Batch = 3;

    private readonly Node _x = Network.Input([2, 6, 6], "image");

    [Fact]
    public void A_convolution_takes_in_a_ReLU()
    {
        var fused = Check(new FuseConvolutions(), Training(_x.Conv(3, 3).Relu().Conv(2, 3).Relu()));
        Assert.Equal(2, Count<ConvOp>(fused, c => c is { Relu: true, Adds: false }));
        Assert.Equal(0, Count<ReluOp>(fused));
    }

    [Fact]
    public void A_convolution_takes_in_an_addition_and_a_ReLU()
    {
        var y = _x.Conv(3, 1);
        var fused = Check(new FuseConvolutions(), Training((y.Conv(3, 3, padding: 1) + y).Relu()));
        Assert.Equal(1, Count<ConvOp>(fused, c => c is { Relu: true, Adds: true }));
        Assert.Equal(0, Count<ReluOp>(fused));
    }

    [Fact]
    public void Of_two_convolutions_that_are_added_one_takes_in_the_other()
    {
        var fused = Check(new FuseConvolutions(), Training(_x.Conv(3, 3) + _x.Conv(3, 3)));
        Assert.Equal(1, Count<ConvOp>(fused, c => c.Adds));
        Assert.Equal(1, Count<ConvOp>(fused, c => !c.Adds));
    }

    [Fact]
    public void A_convolution_whose_output_is_used_twice_stays_as_it_is()
    {
        var y = _x.Conv(3, 3);
        var fused = Check(new FuseConvolutions(), Training(y.Relu() * y));
        Assert.Equal(0, Count<ConvOp>(fused, c => c.Relu || c.Adds));
    }

    [Fact]
    public void A_convolution_that_is_an_output_stays_as_it_is()
    {
        var y = _x.Conv(3, 3);
        var fused = Check(new FuseConvolutions(), Computation.Inference(y.Relu(), y));
        Assert.Equal(0, Count<ConvOp>(fused, c => c.Relu));
    }

    [Fact]
    public void A_normalisation_takes_in_a_ReLU_and_so_do_its_gradients()
    {
        var fused = Check(new FuseNormalizations(), Training(_x.Conv(3, 3).BatchNorm().Relu().Conv(2, 3)));
        Assert.Equal(1, Count<NormalizeOp>(fused, n => n is { Relu: true, Adds: false }));
        Assert.Equal(1, Count<NormalizeParameterGradientOp>(fused, n => n.Relu));
        Assert.Equal(1, Count<NormalizeInputGradientOp>(fused, n => n.Relu));
        Assert.Equal(0, Count<UnaryGradientOp>(fused));
    }

    [Fact]
    public void A_normalisation_takes_in_a_shortcut_whose_gradient_stays()
    {
        var fused = Check(new FuseNormalizations(), Training(_x.Conv(3, 3).Residual(3).Residual(4, stride: 2)));
        Assert.Equal(2, Count<NormalizeOp>(fused, n => n is { Relu: true, Adds: true }));
        Assert.Equal(0, Count<ReluOp>(fused) + Count<AddOp>(fused, _ => true, forwardOnly: true));
        Assert.Equal(2, Count<UnaryGradientOp>(fused));
    }

    [Fact]
    public void The_gradient_of_a_max_pooling_takes_in_that_of_a_ReLU()
    {
        var fused = Check(new FuseMaxPoolGradients(), Training(_x.Conv(3, 3).Relu().MaxPool(2)));
        Assert.Equal(1, Count<MaxPoolGradientOp>(fused, p => p.Relu));
        Assert.Equal(0, Count<UnaryGradientOp>(fused));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Inference_folds_a_normalisation_into_the_convolution(bool bias)
    {
        var folded = Check(new FoldNormalizations(), Computation.Inference(_x.Conv(3, 3, bias: bias).BatchNorm().Relu().Conv(2, 3).BatchNorm()));
        Assert.Equal(0, Count<NormalizeOp>(folded));
        Assert.Equal(2, Count<ConvOp>(folded));
    }

    [Fact]
    public void Training_folds_nothing()
    {
        var computation = Training(_x.Conv(3, 3).BatchNorm());
        Assert.Equal(1, Count<NormalizeOp>(Check(new FoldNormalizations(), computation)));
    }

    private static Computation Training(Node output)
        => Computation.Training(new Node(new ReduceOp { Shape = [1], Batched = false }, [output * output], "loss"), Optimizer.Sgd(), output);

    private static int Count<T>(Computation computation, Func<T, bool>? predicate = null, bool forwardOnly = false) where T : Op
        => (forwardOnly ? Traversal.Order(computation.Outputs) : computation.Order()).Count(n => n.Op is T op && (predicate == null || predicate(op)));

    /// <summary>Runs a pass and asserts that everything that is computed has the same values.</summary>
    private static Computation Check(IPass pass, Computation before)
    {
        var after = pass.Run(before, Batch);
        var interpreter = new Interpreter<double> { Batch = Batch };
        foreach (var (index, source) in before.Order().Where(n => n.Inputs.Count == 0 && n.Op is InputOp or VariableOp).Index())
        {
            var values = Enumerable.Range(0, (int)source.Type.Length(Batch)).Select(i => CounterRandom.Normal((ulong)index, (uint)i));
            // Running variances are positive.
            interpreter.Set(source, [.. source.Op is VariableOp { Trainable: false } ? values.Select(v => Math.Abs(v) + 0.1) : values]);
        }

        foreach (var (expected, actual) in before.Roots.Zip(after.Roots))
            Close.Assert<double, double>(interpreter.Evaluate(expected), interpreter.Evaluate(actual), 1e-12, expected.Name);
        return after;
    }
}
