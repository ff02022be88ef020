using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Ops;

/// <summary>Every gradient rule against central differences in double precision.</summary>
public class GradientTests
{
    public static TheoryData<string> Differentiable => OpCases.Names(c => c.HasGradient && c.Inputs.Length > 0);

    [Theory]
    [MemberData(nameof(Differentiable))]
    public void The_gradient_is_that_of_finite_differences(string name)
    {
        var opCase = OpCases.Find(name);
        var sources = opCase.Sources();
        var y = opCase.Build?.Invoke(opCase.Op, sources) ?? new Node(opCase.Op, sources, "y");

        // L = Σ r·y with a fixed random r, so that dL/dy = r has no symmetry to hide behind.
        var r = new Node(y.Type.Batched ? new InputOp { Shape = y.Shape } : new VariableOp { Shape = y.Shape, Trainable = false }, [], "r");
        var loss = new Node(new ReduceOp { Shape = [1], Batched = false }, [y * r], "loss");
        var wanted = (opCase.Differentiable ?? [.. Enumerable.Range(0, sources.Length)]).Select(i => sources[i]).ToArray();
        var gradients = Gradients.Of(loss, wanted);

        var interpreter = new Interpreter<double> { Batch = opCase.Batch, State = opCase.State };
        var values = sources.Zip(opCase.Values).ToDictionary(p => p.First, p => Array.ConvertAll(p.Second, x => (double)x));
        foreach (var (node, value) in values)
            interpreter.Set(node, value);
        interpreter.Set(r, [.. Enumerable.Range(0, (int)r.Type.Length(opCase.Batch)).Select(i => CounterRandom.Normal(3, (uint)i))]);

        foreach (var (source, gradient) in wanted.Zip(gradients))
        {
            Assert.NotNull(gradient);
            interpreter.Set(source, values[source]);
            var analytic = interpreter.Evaluate(gradient);
            var scale = Math.Max(1, analytic.Max(Math.Abs));
            foreach (var i in Sample(analytic.Length))
            {
                var difference = (LossAt(source, i, 1e-5) - LossAt(source, i, -1e-5)) / 2e-5;
                Assert.True(Math.Abs(difference - analytic[i]) <= 1e-6 * scale, $"{source.Name}[{i}]: {analytic[i]} against {difference}");
            }
        }

        double LossAt(Node source, int index, double step)
        {
            var moved = values[source].ToArray();
            moved[index] += step;
            interpreter.Set(source, moved);
            return interpreter.Evaluate(loss)[0];
        }
    }

    [Fact]
    public void Every_op_has_a_case()
    {
        var covered = OpCases.All.Select(c => c.Op.GetType()).Append(typeof(InputOp)).Append(typeof(VariableOp));
        Assert.Empty(OpRegistry.Types.Where(t => t.Assembly == typeof(Op).Assembly).Except(covered));
    }

    [Fact]
    public void Every_case_has_a_name_of_its_own() => Assert.Equal(OpCases.All.Count, OpCases.All.DistinctBy(c => c.ToString()).Count());

    /// <summary>All indices of a small tensor, and some from all over a large one.</summary>
    private static IEnumerable<int> Sample(int length)
        => length <= 12 ? Enumerable.Range(0, length) : Enumerable.Range(0, 12).Select(i => (int)((long)i * (length - 1) / 11));
}
