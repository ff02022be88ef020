using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Compile;

/// <summary>
/// Plans share memory and work in place; the interpreter gives each node an array of its own. Both run the same
/// implementations, so that they must agree bit by bit.
/// </summary>
public class PlanTests
{
    private static readonly Dictionary<string, Func<Node, Node>> _graphs = new()
    {
        ["a chain that works in place"] = x => x.Conv(4, 3, padding: 1).Relu().Sigmoid().LeakyRelu().Tanh().Conv(2, 1).Relu(),
        ["branches"] = x =>
        {
            var trunk = x.Conv(4, 3, padding: 1).Relu();
            return trunk.Conv(4, 3, padding: 1).Relu() + trunk.Sigmoid() + (trunk * trunk);
        },
        ["a node that is read again after it could have been overwritten"] = x =>
        {
            var first = x.Conv(4, 1);
            var second = first.Relu().Sigmoid().Conv(4, 1);
            return second.Tanh() - first;
        },
        ["the input read at the end"] = x => x.Relu().Conv(3, 3, padding: 1).Tanh() * x,
        ["views"] = x =>
        {
            var flat = x.Conv(4, 1).Flatten();
            var back = flat.Reshape([4, 6, 6]);
            return (back.Relu() + flat.Tanh().Reshape([4, 6, 6])).Flatten() - flat;
        },
        ["a view that is the output"] = x => x.Conv(4, 1).Relu().Flatten().Reshape([8, 3, 6]),
        ["concat"] = x =>
        {
            var a = x.Conv(2, 1);
            return a.Relu().Concat(a, x.Conv(3, 3, padding: 1).Tanh(), a.Relu()).Conv(3, 1);
        },
        ["residual"] = x => x.Residual(3).Residual(6, stride: 2).GlobalAveragePool().Dense(4),
        ["a parameter used twice"] = x =>
        {
            var weight = x.Variable([3, 3], Initializer.He, "shared");
            var product = new MatMulOp { TransposeB = true };
            var pooled = x.GlobalAveragePool().Flatten();
            return new Node(product, [new Node(product, [pooled, weight]).Tanh(), weight]);
        },
        ["broadcasts"] = x => x.Conv(4, 1) * x.GlobalAveragePool().Conv(4, 1).Sigmoid() + x.Variable([4, 1, 1], Initializer.Normal(1), "offset"),
        ["pools"] = x => x.MaxPool(3, stride: 1, padding: 1).Concat(x.AveragePool(3, stride: 1, padding: 1, countPadding: false)).BatchNorm().Dense(5).Softmax(),
        ["the input itself"] = x => x,
        ["a view of the input"] = x => x.Flatten(),
        ["dropout alone"] = x => x.Dropout(),
    };

    public static TheoryData<string> Graphs => new(_graphs.Keys);

    [Theory]
    [MemberData(nameof(Graphs))]
    public void A_plan_computes_what_the_interpreter_computes(string graph)
    {
        var network = Build(graph);
        var output = Computation.Inference(network.Output).Outputs[0];
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, new ReferenceBackend(), maxBatch: 5);
        plan.WriteVariables(network.Weights);

        // A smaller batch first and after a larger one: nothing is left over from one to the other.
        foreach (var batch in new[] { 2, 5, 1, 5 })
        {
            var x = Values(batch * network.Inputs[0].Shape.Length, batch);
            var interpreter = InterpreterOf(network, batch, default);
            interpreter.Set(network.Inputs[0], x);
            plan.Write(network.Inputs[0], x);
            plan.Run(batch);
            Assert.Equal(interpreter.Evaluate(output), Read(plan, 0, output.Type.Length(batch)));
        }
    }

    [Theory]
    [MemberData(nameof(Graphs))]
    public void A_training_step_computes_what_the_interpreter_computes(string graph)
    {
        var network = Build(graph);
        var target = Network.Input(network.Output.Shape, "target");
        var loss = Loss.MeanSquaredError.Mean(network.Output, target);
        var computation = Computation.Training(loss, null, network.Output);
        using var plan = Plan.Compile(computation, network.Layout, new ReferenceBackend(), maxBatch: 4);

        foreach (var batch in new[] { 3, 4 })
        {
            var state = new RunState(Seed: 5, Step: batch, LearningRate: 1);
            var (x, y) = (Values(batch * network.Inputs[0].Shape.Length, 1), Values(batch * target.Shape.Length, 2));
            var interpreter = InterpreterOf(network, batch, state);
            interpreter.Set(network.Inputs[0], x);
            interpreter.Set(target, y);
            plan.WriteVariables(network.Weights);
            plan.Write(network.Inputs[0], x);
            plan.Write(target, y);
            plan.Run(batch, state);

            Assert.Equal(interpreter.Evaluate(computation.Outputs[0]), Read(plan, 0, 1));
            Assert.Equal(interpreter.Evaluate(computation.Outputs[1]), Read(plan, 1, network.Output.Type.Length(batch)));

            var (gradients, after) = (new float[network.Layout.TrainableLength], new float[network.Layout.Length]);
            if (computation.Gradients.Count > 0)
                plan.ReadGradients(gradients);
            foreach (var (parameter, gradient) in computation.Gradients)
                Assert.Equal(interpreter.Evaluate(gradient), gradients.AsSpan(OffsetOf(network, parameter), parameter.Shape.Length).ToArray());
            plan.ReadVariables(after);
            foreach (var (variable, value) in computation.Updates)
                Assert.Equal(interpreter.Evaluate(value), after.AsSpan(OffsetOf(network, variable), variable.Shape.Length).ToArray());
            Assert.Equal(network.Weights.AsSpan(0, network.Layout.TrainableLength), after.AsSpan(0, network.Layout.TrainableLength));
        }
    }

    [Fact]
    public void Random_graphs_compute_what_the_interpreter_computes()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var (x, nodes) = RandomGraph(seed);
            var loss = new Node(new ReduceOp { Shape = [1], Batched = false, Mean = true }, [nodes[^1]], "loss");
            var computation = Computation.Training(loss, null, [.. nodes.Index().Where(n => (n.Index + seed) % 4 == 0).Select(n => n.Item)]);
            var layout = new VariableLayout(computation.Order());
            using var plan = Plan.Compile(computation, layout, new ReferenceBackend(), 3);
            var (weights, gradients) = (Values(layout.Length, seed), new float[layout.TrainableLength]);
            foreach (var batch in new[] { 2, 3 })
            {
                var state = new RunState((ulong)seed, batch, 0);
                var interpreter = new Interpreter<float> { Batch = batch, State = state };
                foreach (var variable in layout.Variables)
                    interpreter.Set(variable.Node, weights.AsSpan(variable.Offset, variable.Node.Shape.Length).ToArray());
                interpreter.Set(x, Values(batch * 4, seed + batch));
                plan.WriteVariables(weights);
                plan.Write(x, Values(batch * 4, seed + batch));
                plan.Run(batch, state);
                foreach (var (index, output) in computation.Outputs.Index())
                    Assert.Equal(interpreter.Evaluate(output), Read(plan, index, output.Type.Length(batch)));
                if (computation.Gradients.Count > 0)
                    plan.ReadGradients(gradients);
                foreach (var (parameter, gradient) in computation.Gradients)
                    Assert.Equal(interpreter.Evaluate(gradient), gradients.AsSpan(layout.Variables.Single(v => v.Node == parameter).Offset, parameter.Shape.Length).ToArray());
            }
        }
    }

    [Fact]
    public void Outputs_may_be_inputs_of_other_outputs()
    {
        var x = Network.Input(2, 3, 3);
        var first = x.Relu();
        var second = first.Sigmoid();
        var third = (second.Flatten() * second.Flatten()).Reshape([2, 3, 3]);
        Node[] outputs = [third, x, first, second.Flatten(), second, first];
        using var plan = Plan.Compile(Computation.Inference(outputs), new Network(third).Layout, new ReferenceBackend(), 2);
        var values = Values(36, 1);
        plan.Write(x, values);
        plan.Run(2);

        var interpreter = new Interpreter<float> { Batch = 2 };
        interpreter.Set(x, values);
        foreach (var (index, output) in outputs.Index())
            Assert.Equal(interpreter.Evaluate(output), Read(plan, index, 36));
    }

    [Fact]
    public void A_state_is_updated_once_a_run_after_all_that_reads_it()
    {
        var x = Network.Input(3, 2, 2);
        Network network = x.BatchNorm(momentum: 0.25f);
        network.Initialize(0);
        var loss = Loss.MeanSquaredError.Mean(network.Output, Network.Input([3, 2, 2], "target"));
        var running = network.Layout.Variables.Single(v => !v.Trainable).Node;
        var training = Computation.Training(loss, null, running);
        using var plan = Plan.Compile(training, network.Layout, new ReferenceBackend(), 1);
        plan.WriteVariables(network.Weights);
        plan.Write(x, [1, 1, 3, 3, 0, 0, 0, 0, 2, 2, 2, 2]);
        plan.Run(1);

        // Means 2, 0, 2; variances 1, 0, 0, of four values each: the unbiased one is 4/3.
        var after = new float[network.Layout.Length];
        plan.ReadVariables(after);
        Assert.Equal([0.5f, 0, 0.5f, 0.75f + (0.25f * 4 / 3), 0.75f, 0.75f], after.AsSpan(OffsetOf(network, running), 6).ToArray());
    }

    [Fact]
    public void A_batch_norm_in_two_places_updates_its_state_for_both_one_after_the_other()
    {
        var x = Network.Input(1, 1, 2);
        var once = x.BatchNorm(momentum: 0.5f);
        var again = new Node(once.Op, [x * x, .. once.Inputs.Skip(1)], "again");
        Network network = once + again;
        network.Initialize(0);
        var loss = Loss.MeanSquaredError.Mean(network.Output, Network.Input([1, 1, 2], "target"));
        using var plan = Plan.Compile(Computation.Training(loss, null), network.Layout, new ReferenceBackend(), 1);
        plan.WriteVariables(network.Weights);
        plan.Write(x, [1, 3]);
        plan.Run(1);

        // Mean 2 of 1 and 3, then mean 5 of 1 and 9: (0 → 1 → 3); variances 2 and 32, unbiased: (1 → 1.5 → 16.75).
        var after = new float[network.Layout.Length];
        plan.ReadVariables(after);
        Assert.Equal([3, 16.75f], after.AsSpan(network.Layout.TrainableLength, 2).ToArray());
    }

    [Fact]
    public void The_arena_is_smaller_than_its_buffers_together()
    {
        // In inference the first convolution with its input is the fullest step, and all else fits beside it.
        Network network = Network.Input(3, 16, 16).Conv(8, 3, padding: 1).BatchNorm().Relu().MaxPool(2).Residual(8).Residual(16, stride: 2).GlobalAveragePool().Dense(10);
        using var inference = Plan.Compile(Computation.Inference(network.Output), network.Layout, new ReferenceBackend(), 8);
        Assert.Equal(8 * ((3 * 16 * 16) + (8 * 16 * 16)) * sizeof(float), inference.ArenaBytes);
        Assert.InRange(inference.ArenaBytes, 1, inference.UnsharedBytes * 3 / 5);

        var loss = Loss.SoftmaxCrossEntropy.Mean(network.Output, Network.Input([1], "target"));
        using var training = Plan.Compile(Computation.Training(loss, Optimizer.Adam()), network.Layout, new ReferenceBackend(), 8);
        Assert.InRange(training.ArenaBytes, inference.ArenaBytes + 1, training.UnsharedBytes * 2 / 3);
        Assert.Equal(4 * (network.Layout.Length + (3 * network.Layout.TrainableLength)), training.VariableBytes);
    }

    [Fact]
    public void Elementwise_ops_work_in_place()
    {
        Network network = Network.Input(1, 8, 8).Conv(4, 3, padding: 1).Relu().Sigmoid().Tanh();
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, new ReferenceBackend(), 1);
        Assert.Equal((64 + 256) * sizeof(float), plan.UnsharedBytes);
    }

    [Fact]
    public void Gradients_lie_where_their_parameters_do_and_gaps_are_zero()
    {
        var x = Network.Input([3], "x");
        Network network = x.Dense(2, name: "a").Dense(5, name: "b");
        network.Initialize(1);
        var loss = Loss.MeanSquaredError.Mean(network.Output, Network.Input([5], "target"));
        using var plan = Plan.Compile(Computation.Training(loss, null), network.Layout, new ReferenceBackend(), 2);
        plan.WriteVariables(network.Weights);
        plan.Write(x, Values(6, 1));
        plan.Run(2);

        // a.weight 6 at 0, a.bias 2 at 16, b.weight 10 at 32, b.bias 5 at 48.
        Assert.Equal([("a.weight", 0), ("a.bias", 16), ("b.weight", 32), ("b.bias", 48)], network.Layout.Variables.Select(v => (v.Node.Name, v.Offset)));
        var gradients = new float[64];
        plan.ReadGradients(gradients);
        int[] used = [.. Enumerable.Range(0, 6), 16, 17, .. Enumerable.Range(32, 10), .. Enumerable.Range(48, 5)];
        Assert.Equal(used, gradients.Index().Where(g => g.Item != 0).Select(g => g.Index));
    }

    [Fact]
    public void A_parameter_that_the_loss_does_not_see_has_gradient_zero_and_stays()
    {
        var x = Network.Input([3], "x");
        var seen = x.Dense(2, name: "seen");
        var unseen = x.Dense(2, name: "unseen");
        Network network = seen.Concat(unseen);
        network.Initialize(1);
        var loss = Loss.MeanSquaredError.Mean(seen, Network.Input([2], "target"));
        using var plan = Plan.Compile(Computation.Training(loss, Optimizer.Sgd(), unseen), network.Layout, new ReferenceBackend(), 1);
        plan.WriteVariables(network.Weights);
        plan.Write(x, [1, 2, 3]);
        plan.Run(1, new RunState(0, 0, 0.1f));
        var after = network.Clone();
        var values = new float[network.Layout.Length];
        plan.ReadVariables(values);
        after.SetWeights(values);
        Assert.Equal(network.Values("unseen.weight"), after.Values("unseen.weight"));
        Assert.NotEqual(network.Values("seen.weight").ToArray(), after.Values("seen.weight").ToArray());
    }

    [Fact]
    public void The_description_lists_every_step_with_its_kernel_and_the_memory()
    {
        Network network = Network.Input(1, 4, 4).Conv(2, 3).Relu().Flatten().Dense(3);
        var loss = Loss.SoftmaxCrossEntropy.Mean(network.Output, Network.Input([1], "target"));
        using var plan = Plan.Compile(Computation.Training(loss, Optimizer.Sgd()), network.Layout, new ReferenceBackend(), 7);
        var lines = plan.Describe().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(plan.Steps.Count + 1, lines.Length);
        foreach (var (step, line) in plan.Steps.Zip(lines))
            Assert.Equal([step.Name, step.Output.ToString(), "reference"], line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["conv1", "relu1", "dense1"], plan.Steps.Take(3).Select(s => s.Name));
        Assert.Equal("optimizer", plan.Steps[^1].Name);
        Assert.DoesNotContain("flatten1", plan.Steps.Select(s => s.Name));
        Assert.Contains("conv1.ConvWeightGradient", plan.Steps.Select(s => s.Name));
        Assert.StartsWith($"{plan.Steps.Count} steps on reference; batch ≤ 7; arena ", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_without_steps_describes_itself_too()
    {
        Network network = Network.Input(1, 2, 2).Flatten();
        using var plan = Plan.Compile(Computation.Inference(network.Output), network.Layout, new ReferenceBackend(), 1);
        Assert.StartsWith("0 steps on reference", plan.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_batches_and_inputs_are_refused()
    {
        var x = Network.Input([2], "x");
        Network network = x.Dense(1);
        var computation = Computation.Inference(network.Output);
        Assert.Throws<ArgumentOutOfRangeException>(() => Plan.Compile(computation, network.Layout, new ReferenceBackend(), 0));
        using var plan = Plan.Compile(computation, network.Layout, new ReferenceBackend(), 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.Run(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.Run(4));
        Assert.Contains("6 values for 3 samples; received 8", Assert.Throws<ArgumentException>(() => plan.Write(x, new float[8])).Message, StringComparison.Ordinal);
        Assert.Contains("'other'", Assert.Throws<ArgumentException>(() => plan.Write(Network.Input([2], "other"), new float[2])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => plan.Write(network.Output, new float[2]));
        Assert.Throws<InvalidOperationException>(() => plan.ReadGradients(new float[1]));
    }

    /// <summary>Sixteen nodes of four elements, each made from one or two earlier ones, in place, as a view, or neither.</summary>
    private static (Node Input, IReadOnlyList<Node> Nodes) RandomGraph(int seed)
    {
        var key = CounterRandom.Key((ulong)seed, 5, 0);
        var x = Network.Input([4], "x");
        List<Node> nodes = [x];
        for (var i = 0u; i < 16; i++)
        {
            var (a, b) = (nodes[Draw((3 * i) + 1, nodes.Count)], nodes[Draw((3 * i) + 2, nodes.Count)]);
            nodes.Add(Draw(3 * i, 9) switch
            {
                0 => a.Tanh(),
                1 => a.Relu(),
                2 => a + b,
                3 => (a * b).Tanh(),
                4 => a.Reshape([2, 2]).Sigmoid().Flatten(),
                5 => a.Reshape([2, 2]).Flatten(),
                6 => a - a.Variable([4], Initializer.Zeros, $"offset{i}"),
                7 => a.Concat(b).Dense(4),
                _ => a.Dropout(0.25f),
            });
        }

        // The last one depends on all.
        nodes.Add(nodes.Aggregate((sum, node) => sum + node));
        return (x, nodes);

        int Draw(uint counter, int below) => (int)(CounterRandom.Uniform(key, counter) * below);
    }

    private static Network Build(string graph)
    {
        Network network = _graphs[graph](Network.Input(3, 6, 6));
        network.Initialize(seed: 3);
        return network;
    }

    private static Interpreter<float> InterpreterOf(Network network, int batch, RunState state)
    {
        var interpreter = new Interpreter<float> { Batch = batch, State = state };
        foreach (var variable in network.Layout.Variables)
            interpreter.Set(variable.Node, network.Values(variable.Node.Name).ToArray());
        return interpreter;
    }

    private static int OffsetOf(Network network, Node variable) => network.Layout.Variables.Single(v => v.Node == variable).Offset;

    private static float[] Values(int count, int salt)
        => [.. Enumerable.Range(0, count).Select(i => (float)CounterRandom.Normal(CounterRandom.Key(1, salt, 0), (uint)i))];

    private static float[] Read(Plan plan, int output, long length)
    {
        var values = new float[length];
        plan.Read(output, values);
        return values;
    }
}
