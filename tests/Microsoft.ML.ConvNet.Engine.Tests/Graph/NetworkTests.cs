using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests.Graph;

public class NetworkTests
{
    [Fact]
    public void Layers_are_named_and_counted_by_kind()
    {
        Network network = Network.Input(3, 16, 16)
            .Conv(4, 3, padding: 1).BatchNorm().Relu().Conv(4, 3, padding: 1).Relu().MaxPool(2).AveragePool(2)
            .Dropout().Concat(Network.Input(4, 4, 4, "side")).GlobalAveragePool().Dense(5).Dense(4).LeakyRelu().Sigmoid().Tanh().Softmax();
        Assert.Equal(
            [
                "input1", "conv1", "batchNorm1", "relu1", "conv2", "relu2", "maxPool1", "averagePool1", "dropout1", "side", "concat1",
                "globalAveragePool1", "flatten1", "dense1", "dense2", "leakyRelu1", "sigmoid1", "tanh1", "softmax1",
            ],
            network.Nodes.Where(n => n.Op is not VariableOp).Select(n => n.Name));
        Assert.Equal(
            [
                "conv1.weight", "conv1.bias", "batchNorm1.scale", "batchNorm1.shift", "conv2.weight", "conv2.bias",
                "dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias", "batchNorm1.running",
            ],
            network.Layout.Variables.Select(v => v.Node.Name));
    }

    [Fact]
    public void Counting_starts_anew_in_each_network()
        => Assert.Equal(Network.Input(1, 4, 4).Conv(1, 3).Name, Network.Input(1, 4, 4).Conv(1, 3).Name);

    [Fact]
    public void A_given_name_stays()
    {
        Network network = Network.Input(1, 4, 4, "image").Conv(2, 3, name: "edges").Relu("positive").Dense(2, name: "scores");
        Assert.Equal(
            ["image", "edges.weight", "edges.bias", "edges", "positive", "flatten1", "scores.weight", "scores.bias", "scores"],
            network.Nodes.Select(n => n.Name));
    }

    [Fact]
    public void Two_nodes_of_one_name_are_refused()
    {
        var output = Network.Input(1, 4, 4).Relu("same").Sigmoid("same");
        var error = Assert.Throws<ArgumentException>(() => new Network(output));
        Assert.StartsWith("The name 'same' is given to Relu 'same': 1×4×4 and Sigmoid 'same': 1×4×4; names must be unique in a network.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_layers_of_one_name_are_refused()
    {
        var output = Network.Input(1, 9, 9).Conv(1, 3, name: "same").Conv(1, 3, name: "same");
        Assert.Contains("'same", Assert.Throws<ArgumentException>(() => new Network(output)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_needs_an_input()
    {
        var constant = new Node(new FillOp { Shape = [1], Value = 2 }, [], "constant");
        Assert.Contains("Fill 'constant': 1 depends on no input", Assert.Throws<ArgumentException>(() => new Network(constant)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_of_layers_is_a_network()
    {
        var output = Network.Input(1, 2, 2).Dense(3);
        Network network = output;
        Assert.Same(output, network.Output);
        Assert.Equal(["input1"], network.Inputs.Select(i => i.Name));
    }

    [Fact]
    public void The_network_of_Nielsen_has_the_parameters_and_multiply_adds_of_hand_arithmetic()
    {
        Network network = Network.Input(1, 28, 28).Conv(20, 5).Relu().MaxPool(2).Conv(40, 5).Relu().MaxPool(2).Dense(100).Relu().Dense(10);
        Assert.Equal(
            ((20 * 25) + 20) + ((40 * 20 * 25) + 40) + ((100 * 40 * 4 * 4) + 100) + ((10 * 100) + 10),
            network.ParameterCount);
        Assert.Equal(85_670, network.ParameterCount);
        Assert.Equal(
            (20 * 24 * 24 * 25) + (40 * 8 * 8 * 20 * 25) + (100 * 640) + (10 * 100),
            network.MultiplyAdds);
        Assert.Equal(1_633_000, network.MultiplyAdds);
    }

    [Fact]
    public void Groups_divide_parameters_and_multiply_adds()
    {
        Network network = Network.Input(8, 6, 6).Conv(16, 3, groups: 4, bias: false);
        Assert.Equal(16 * 2 * 9, network.ParameterCount);
        Assert.Equal(16 * 4 * 4 * 2 * 9, network.MultiplyAdds);
    }

    [Fact]
    public void States_are_no_parameters_and_lie_behind_them()
    {
        Network network = Network.Input(3, 2, 2).BatchNorm().Dense(2);
        Assert.Equal(3 + 3 + (12 * 2) + 2, network.ParameterCount);
        Assert.Equal([("batchNorm1.scale", 0), ("batchNorm1.shift", 16), ("dense1.weight", 32), ("dense1.bias", 64), ("batchNorm1.running", 80)],
            network.Layout.Variables.Select(v => (v.Node.Name, v.Offset)));
        Assert.Equal(80, network.Layout.TrainableLength);
        Assert.Equal(96, network.Layout.Length);
        network.Initialize(0);
        Assert.Equal([0, 0, 0, 1, 1, 1], network.Values("batchNorm1.running"));
        Assert.Equal([1, 1, 1], network.Values("batchNorm1.scale"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_values()
    {
        Assert.Equal(Initialized(7).Weights, Initialized(7).Weights);
        Assert.NotEqual(Initialized(7).Weights, Initialized(8).Weights);
        Assert.NotEqual(Initialized(-1).Weights, Initialized(1).Weights);
    }

    [Fact]
    public void Layers_of_one_shape_start_with_different_values()
    {
        var network = Initialized(1);
        Assert.NotEqual(network.Values("a.weight").ToArray(), network.Values("b.weight").ToArray());
    }

    [Fact]
    public void A_clone_has_values_of_its_own()
    {
        var network = Initialized(1);
        var before = network.Weights!.ToArray();
        var clone = network.Clone();
        Assert.Equal(before, clone.Weights);
        clone.Values("a.weight").Fill(5);
        Assert.Equal(before, network.Weights);
        network.Values("a.weight").Fill(6);
        Assert.All(clone.Values("a.weight").ToArray(), v => Assert.Equal(5, v));
        Assert.Same(network.Output, clone.Output);
    }

    [Fact]
    public void A_clone_of_a_network_without_values_has_none()
    {
        Network network = Network.Input(1, 2, 2).Dense(3);
        Assert.Null(network.Clone().Weights);
        var clone = network.Clone();
        clone.Initialize(1);
        Assert.Null(network.Weights);
    }

    [Fact]
    public void Values_are_those_of_one_parameter_alone()
    {
        var network = Initialized(1);
        var before = network.Weights!.ToArray();
        network.Values("b.bias").Fill(9);
        var offset = network.Layout.Variables.Single(v => v.Node.Name == "b.bias").Offset;
        Assert.Equal(before.AsSpan(0, offset), network.Weights.AsSpan(0, offset));
        Assert.Equal([9, 9, 9, 9], network.Values("b.bias"));
        Assert.Equal(before.AsSpan(offset + 4), network.Weights.AsSpan(offset + 4));
    }

    [Fact]
    public void Unknown_names_missing_values_and_wrong_lengths_are_refused()
    {
        var network = Initialized(1);
        Assert.Contains("no parameter 'c.weight'; it has a.weight, a.bias, b.weight, b.bias",
            Assert.Throws<ArgumentException>(() => network.Values("c.weight").Length).Message, StringComparison.Ordinal);
        Assert.Contains($"has {network.Layout.Length} values in its layout; received 3",
            Assert.Throws<ArgumentException>(() => network.SetWeights(new float[3])).Message, StringComparison.Ordinal);
        Network empty = Network.Input(1, 2, 2).Dense(3, name: "a");
        Assert.Contains("no values yet", Assert.Throws<InvalidOperationException>(() => empty.Values("a.weight").Length).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_may_hold_what_an_index_can_count()
    {
        var sums = Enumerable.Range(0, 2).Select(i => new Node(
            new ReduceOp { Shape = [1], Batched = false },
            [new Node(new VariableOp { Shape = [2_000_000_000], Trainable = true }, [], $"v{i}")],
            $"sum{i}")).ToArray();
        var error = Assert.Throws<ArgumentException>(() => new Network(Network.Input([1], "x") + sums[0] + sums[1]));
        Assert.Equal("A network may hold at most 2147483647 values; with 'v1' (2000000000) it holds 4000000000.", error.Message);
    }

    [Fact]
    public void Nodes_come_after_their_inputs_and_once_each()
    {
        var x = Network.Input(2, 4, 4);
        var branch = x.Conv(2, 1);
        Network network = (branch.Relu() + branch.Sigmoid()) * branch;
        Assert.Equal(network.Nodes.Count, network.Nodes.Distinct().Count());
        var places = network.Nodes.Index().ToDictionary(n => n.Item, n => n.Index);
        Assert.All(network.Nodes, n => Assert.All(n.Inputs, i => Assert.True(places[i] < places[n])));
    }

    private static Network Initialized(int seed)
    {
        Network network = Network.Input(1, 2, 2).Dense(4, name: "a").Dense(4, name: "b");
        network.Initialize(seed);
        return network;
    }
}
