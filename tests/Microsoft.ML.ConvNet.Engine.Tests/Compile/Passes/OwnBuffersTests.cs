using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Compile.Passes;

/// <summary>Gradients and new states that cannot be computed right where they belong, because they are something else too.</summary>
public class OwnBuffersTests
{
    private readonly Node _x = Network.Input([2, 3], "x");

    [Fact]
    public void Two_parameters_with_one_gradient_node_have_a_gradient_each()
    {
        var (a, b) = (Parameter("a", 2, 3), Parameter("b", 2, 3));
        var loss = Mean((a + b) * _x);
        var (gradients, plan) = Run(loss, [a, b]);
        Assert.Same(plan.Gradients[0].Gradient, plan.Gradients[1].Gradient);
        float[] expected = [1f / 12, 2f / 12, 3f / 12, 4f / 12, 5f / 12, 6f / 12];
        Close.Assert<float, float>(expected, gradients[a], 1e-6, "a");
        Assert.Equal(gradients[a], gradients[b]);
    }

    [Fact]
    public void A_gradient_may_be_a_view()
    {
        var a = Parameter("a", 6);
        var (gradients, plan) = Run(Mean(a.Reshape([2, 3]) * _x), [a]);
        Assert.True(plan.Gradients[0].Gradient.Op.IsView);
        Close.Assert<float, float>([1f / 12, 2f / 12, 3f / 12, 4f / 12, 5f / 12, 6f / 12], gradients[a], 1e-6, "a");
    }

    [Fact]
    public void A_gradient_may_be_a_view_of_another_gradient()
    {
        var (a, b) = (Parameter("a", 6), Parameter("b", 2, 3));
        var (gradients, _) = Run(Mean((a.Reshape([2, 3]) + b) * _x), [a, b]);
        Close.Assert<float, float>([1f / 12, 2f / 12, 3f / 12, 4f / 12, 5f / 12, 6f / 12], gradients[a], 1e-6, "a");
        Assert.Equal(gradients[a], gradients[b]);
    }

    [Fact]
    public void A_gradient_may_be_an_input_or_another_parameter()
    {
        // L = Σ a·b, so that dL/da is b itself and the other way round.
        var (a, b) = (Parameter("a", 1), Parameter("b", 1));
        var zero = new Node(new ReduceOp { Shape = [1], Batched = false }, [_x - _x], "zero");
        var (gradients, _) = Run((a * b) + zero, [a, b], weights: [3, 5]);
        Assert.Equal([5], gradients[a]);
        Assert.Equal([3], gradients[b]);
    }

    [Fact]
    public void A_gradient_may_be_read_as_an_output_as_well()
    {
        var a = Parameter("a", 2, 3);
        var loss = Mean(a * _x);
        var gradient = Gradients.Of(loss, [a])[0]!;
        var layout = new VariableLayout([a]);
        var computation = new Computation { Outputs = [gradient, loss], Gradients = [new(a, gradient)], Optimizer = Optimizer.Sgd() };
        using var plan = Plan.Compile(computation, layout, new ReferenceBackend(), 2);
        plan.Write(_x, [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
        plan.Run(2, new RunState(0, 0, 1));
        var (output, slab) = (new float[6], new float[layout.TrainableLength]);
        plan.Read(0, output);
        plan.ReadGradients(slab);
        Close.Assert<float, float>([1f / 6, 2f / 6, 3f / 6, 4f / 6, 5f / 6, 6f / 6], output, 1e-6, "output");
        Assert.Equal(output, slab[..6]);
    }

    [Fact]
    public void A_gradient_that_is_an_input_of_another_gradient_keeps_its_value()
    {
        // dL/da of L = mean(a·x) is used again below: the second loss has it as its gradient's input.
        var a = Parameter("a", 2, 3);
        var gradient = Gradients.Of(Mean(a * _x), [a])[0]!;
        var twice = new Node(new AffineOp { Factor = 2 }, [gradient], "twice");
        var b = Parameter("b", 2, 3);
        var layout = new VariableLayout([a, b]);
        var computation = new Computation { Outputs = [], Gradients = [new(a, gradient), new(b, twice)] };
        using var plan = Plan.Compile(computation, layout, new ReferenceBackend(), 1);
        plan.Write(_x, [6, 12, 18, 24, 30, 36]);
        plan.Run(1);
        var slab = new float[layout.TrainableLength];
        plan.ReadGradients(slab);
        Assert.Equal([1, 2, 3, 4, 5, 6], slab[..6]);
        Assert.Equal([2, 4, 6, 8, 10, 12], slab[16..22]);
    }

    [Fact]
    public void Updates_run_one_after_the_other()
    {
        var (p, q) = (_x.State([1], Initializer.Zeros, "p"), _x.State([1], Initializer.Zeros, "q"));
        Assert.Equal([2, 10 + 2], Update([new(p, p + p), new(q, q + p)], [p, q], [1, 10]));
        Assert.Equal([10, 10], Update([new(p, q), new(q, p)], [p, q], [1, 10]));
    }

    [Fact]
    public void One_value_may_become_two_states()
    {
        var (p, q) = (_x.State([1], Initializer.Zeros, "p"), _x.State([1], Initializer.Zeros, "q"));
        var sum = p + q;
        Assert.Equal([11, 11], Update([new(p, sum), new(q, sum)], [p, q], [1, 10]));
    }

    [Fact]
    public void A_new_state_that_is_needed_on_the_way_does_not_take_the_place_of_the_old_one_yet()
    {
        // The output reads the new value first and the old one after it.
        var p = _x.State([1], Initializer.Zeros, "p");
        var next = p + p;
        var layout = new VariableLayout([p]);
        var computation = new Computation { Outputs = [next.Tanh() * p], Updates = [new(p, next)] };
        using var plan = Plan.Compile(computation, layout, new ReferenceBackend(), 1);
        plan.WriteVariables([3]);
        plan.Run(1);
        var (output, after) = (new float[1], new float[layout.Length]);
        plan.Read(0, output);
        plan.ReadVariables(after);
        Assert.Equal(MathF.Tanh(6) * 3, output[0]);
        Assert.Equal(6, after[0]);
    }

    [Fact]
    public void A_state_that_is_an_output_is_read_as_it_is_after_the_run()
    {
        var p = _x.State([1], Initializer.Zeros, "p");
        var layout = new VariableLayout([p]);
        using var plan = Plan.Compile(new Computation { Outputs = [p], Updates = [new(p, p + p)] }, layout, new ReferenceBackend(), 1);
        plan.WriteVariables([3]);
        plan.Run(1);
        var value = new float[1];
        plan.Read(0, value);
        Assert.Equal([6], value);
    }

    private static float[] Update(StateUpdate[] updates, Node[] states, float[] values)
    {
        var layout = new VariableLayout(states);
        using var plan = Plan.Compile(new Computation { Outputs = [], Updates = updates }, layout, new ReferenceBackend(), 1);
        var slab = new float[layout.Length];
        foreach (var (variable, value) in layout.Variables.Zip(values))
            slab[variable.Offset] = value;
        plan.WriteVariables(slab);
        plan.Run(1);
        plan.ReadVariables(slab);
        return [.. layout.Variables.Select(v => slab[v.Offset])];
    }

    private (Dictionary<Node, float[]> Gradients, Computation Computation) Run(Node loss, Node[] parameters, float[]? weights = null)
    {
        var layout = new VariableLayout(parameters);
        var computation = Computation.Training(loss, null);
        using var plan = Plan.Compile(computation, layout, new ReferenceBackend(), 2);
        foreach (var (index, value) in (weights ?? []).Index())
        {
            var slab = new float[layout.Length];
            plan.ReadVariables(slab);
            slab[layout.Variables[index].Offset] = value;
            plan.WriteVariables(slab);
        }

        plan.Write(_x, [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
        plan.Run(2);
        var gradients = new float[layout.TrainableLength];
        plan.ReadGradients(gradients);
        return (layout.Variables.ToDictionary(v => v.Node, v => gradients.AsSpan(v.Offset, v.Node.Shape.Length).ToArray()), computation);
    }

    private static Node Mean(Node x) => new(new ReduceOp { Shape = [1], Batched = false, Mean = true }, [x], "loss");

    private static Node Parameter(string name, params int[] shape)
        => new(new VariableOp { Shape = new Shape(shape), Trainable = true }, [], name);
}
