using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Ops;

public class DropoutTests
{
    private const int Length = 10_000;

    private readonly Node _x = Network.Input([Length], "x");

    [Fact]
    public void It_drops_its_share_and_scales_the_others_up()
    {
        var y = Run(_x.Dropout(0.3f), default);
        Assert.InRange(y.Count(v => v == 0), 2800, 3200);
        Assert.All(y, v => Assert.True(v == 0 || Math.Abs(v - (1 / 0.7f)) < 1e-6f));
    }

    [Fact]
    public void Each_step_seed_and_layer_drops_others()
    {
        var layer = _x.Dropout(0.5f);
        var masks = new[]
        {
            Run(layer, default), Run(layer, new RunState(0, 1, 0)), Run(layer, new RunState(1, 0, 0)), Run(_x.Dropout(0.5f), default),
        };
        for (var i = 0; i < masks.Length; i++)
            for (var j = 0; j < i; j++)
                Assert.InRange(masks[i].Zip(masks[j]).Count(p => p.First == p.Second), 4700, 5300);
        Assert.Equal(masks[1], Run(layer, new RunState(0, 1, 0)));
    }

    [Fact]
    public void The_gradient_passes_where_the_value_did()
    {
        var y = _x.Dropout(0.3f);
        var gradient = Gradients.Of(new Node(new ReduceOp { Shape = [1], Batched = false }, [y], "sum"), [_x])[0]!;
        var state = new RunState(3, 4, 0);
        Assert.Equal(Run(y, state), Run(gradient, state));
    }

    [Fact]
    public void In_inference_it_is_not_there()
    {
        Assert.Same(_x, Computation.Inference(_x.Dropout(0.3f)).Outputs[0]);
        Assert.Same(_x, Computation.Inference(_x.Dropout(0)).Outputs[0]);
    }

    private float[] Run(Node node, RunState state)
    {
        var interpreter = new Interpreter<float> { Batch = 1, State = state };
        interpreter.Set(_x, [.. Enumerable.Repeat(1f, Length)]);
        return interpreter.Evaluate(node);
    }
}
