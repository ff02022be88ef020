using Microsoft.ML.ConvNet.Ops;
using Microsoft.ML.ConvNet.Serialization;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// A network: a graph from one or more inputs to an output, and, once it is initialised, trained or loaded, the values
/// of its parameters.
/// </summary>
/// <example>
/// <code>
/// var network = Network.Input(1, 28, 28)
///     .Conv(20, kernel: 5).Relu().MaxPool(2)
///     .Conv(40, kernel: 5).Relu().MaxPool(2)
///     .Dense(100).Relu().Dense(10);
/// Console.WriteLine(network.Summary());
/// </code>
/// </example>
public sealed class Network
{
    /// <summary>Makes a network that computes <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentException">The output depends on no input, or two nodes have the same given name.</exception>
    public Network(Node output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Output = output;
        Nodes = Traversal.Order([output]);
        Inputs = [.. Nodes.Where(n => n.Op is InputOp)];
        if (Inputs.Count == 0)
            throw new ArgumentException($"{output} depends on no input; a network starts with Network.Input.", nameof(output));
        NameScope.Join(Nodes);
        if (Nodes.GroupBy(n => n.Name).FirstOrDefault(g => g.Count() > 1) is { } twins)
            throw new ArgumentException($"The name '{twins.Key}' is given to {string.Join(" and ", twins)}; names must be unique in a network.", nameof(output));
        Layout = new VariableLayout(Nodes);
    }

    private Network(Network other)
    {
        (Output, Nodes, Inputs, Layout) = (other.Output, other.Nodes, other.Inputs, other.Layout);
        Weights = other.Weights?.ToArray();
    }

    /// <summary>The node whose value the network computes.</summary>
    public Node Output { get; }

    /// <summary>All nodes, each after its inputs.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>The inputs, in the order in which the output depends on them.</summary>
    public IReadOnlyList<Node> Inputs { get; }

    /// <summary>Where each parameter and state lies in <see cref="Weights"/>.</summary>
    public VariableLayout Layout { get; }

    /// <summary>The values of all parameters and states, or null before the first.</summary>
    public float[]? Weights { get; private set; }

    /// <summary>The number of trained parameters.</summary>
    public long ParameterCount => Layout.Variables.Where(v => v.Trainable).Sum(v => (long)v.Node.Shape.Length);

    /// <summary>The number of multiply-adds to compute the output for one sample.</summary>
    public long MultiplyAdds => Nodes.Sum(n => n.MultiplyAdds);

    /// <summary>Starts a network with an image of C×H×W.</summary>
    /// <exception cref="ShapeException">A number is below one.</exception>
    public static Node Input(int channels, int height, int width, string? name = null)
        => Input(new Shape(channels, height, width), name);

    /// <summary>Starts a network with a tensor of any shape.</summary>
    public static Node Input(Shape shape, string? name = null) => new(new InputOp { Shape = shape }, [], name);

    /// <summary>The network that computes <paramref name="output"/>, so that a chain of layers can be passed as a network.</summary>
    public static implicit operator Network(Node output) => new(output);

    /// <summary>Gives each parameter its first values. The same seed gives the same values.</summary>
    public void Initialize(int seed)
    {
        var weights = new float[Layout.Length];
        foreach (var (index, variable) in Layout.Variables.Index())
        {
            var key = CounterRandom.Key((ulong)seed, index, step: -1);
            ((VariableOp)variable.Node.Op).Initializer.Fill(variable.Node.Shape, key, weights.AsSpan(variable.Offset, variable.Node.Shape.Length));
        }

        Weights = weights;
    }

    /// <summary>Sets the values of all parameters and states, laid out as in <see cref="Layout"/>.</summary>
    /// <exception cref="ArgumentException">The number of values is wrong.</exception>
    public void SetWeights(ReadOnlySpan<float> weights)
    {
        if (weights.Length != Layout.Length)
            throw new ArgumentException($"The network has {Layout.Length} values in its layout; received {weights.Length}.", nameof(weights));
        Weights = weights.ToArray();
    }

    /// <summary>The values of one parameter or state, to read or to set.</summary>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    /// <exception cref="InvalidOperationException">The network has no values yet.</exception>
    public Span<float> Values(string name)
    {
        var variable = Layout.Variables.FirstOrDefault(v => v.Node.Name == name)
            ?? throw new ArgumentException($"The network has no parameter '{name}'; it has {string.Join(", ", Layout.Variables.Select(v => v.Node.Name))}.", nameof(name));
        return RequireWeights().AsSpan(variable.Offset, variable.Node.Shape.Length);
    }

    /// <summary>The same graph with values of its own.</summary>
    public Network Clone() => new(this);

    /// <summary>A table of layers, output shapes, receptive fields, bytes of a sample's values, parameters and multiply-adds, with totals.</summary>
    public string Summary() => NetworkSummary.Of(this);

    /// <summary>Writes the network and its values to a file, which replaces an older one only once it is complete.</summary>
    /// <exception cref="InvalidOperationException">The network has no values yet.</exception>
    public void Save(string path) => ModelFile.Save(this, path);

    /// <summary>Reads a network and its values.</summary>
    /// <exception cref="ModelFileException">The file is no model, damaged, or newer than this library.</exception>
    public static Network Load(string path) => ModelFile.Load(path);

    internal Node RequireSingleInput()
        => Inputs.Count == 1
            ? Inputs[0]
            : throw new ArgumentException($"The network has the inputs {string.Join(" and ", Inputs.Select(i => $"'{i.Name}'"))}; training, evaluation and prediction feed one.");

    internal float[] RequireWeights()
        => Weights ?? throw new InvalidOperationException("The network has no values yet: train it, load it, or call Initialize(seed).");
}
