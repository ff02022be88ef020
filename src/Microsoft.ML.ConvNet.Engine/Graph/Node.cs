using System.Globalization;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// One value in a network: an op applied to the outputs of other nodes. Nodes never change; layers are functions
/// from node to node, so a network is written as an expression.
/// </summary>
public sealed class Node
{
    /// <summary>Applies an op to inputs.</summary>
    /// <param name="op">What to compute.</param>
    /// <param name="inputs">What to compute it from.</param>
    /// <param name="name">The node's name; by default the op's name with a number.</param>
    /// <exception cref="ShapeException">The op cannot work on these inputs.</exception>
    public Node(Op op, IReadOnlyList<Node> inputs, string? name = null)
        : this(op, inputs, name, inputs.Count > 0 ? inputs[0].Scope : new NameScope())
    {
    }

    /// <summary>Applies an op to inputs, with the output in a layout of the backend's.</summary>
    /// <param name="op">What to compute.</param>
    /// <param name="inputs">What to compute it from, in any layouts.</param>
    /// <param name="name">The node's name.</param>
    /// <param name="layout">How the output lies in memory.</param>
    /// <exception cref="ArgumentException">The output does not fit the layout.</exception>
    public Node(Op op, IReadOnlyList<Node> inputs, string? name, Layout layout)
        : this(op, inputs, name)
    {
        if (!layout.Fits(Type))
            throw new ArgumentException($"{this} cannot have the layout {layout}.", nameof(layout));
        Type = Type with { Layout = layout };
    }

    internal Node(Op op, IReadOnlyList<Node> inputs, string? name, NameScope scope)
    {
        Op = op;
        Inputs = inputs;
        Scope = scope;
        Name = name ?? scope.Next(op.Name);
        scope.Reserve(Name);
        Type = op.Infer(View);
    }

    /// <summary>What this node computes.</summary>
    public Op Op { get; }

    /// <summary>The nodes that it computes it from.</summary>
    public IReadOnlyList<Node> Inputs { get; }

    /// <summary>The node's name, unique in its network.</summary>
    public string Name { get; internal set; }

    /// <summary>The shape of the value and whether there is one for each sample.</summary>
    public TensorType Type { get; }

    /// <summary>The shape of the value for one sample: C×H×W for images.</summary>
    public Shape Shape => Type.Shape;

    /// <summary>The number of multiply-adds to compute the value for one sample.</summary>
    public long MultiplyAdds => Op.MultiplyAdds(View, Shape);

    /// <summary>The number of trained parameters among the inputs.</summary>
    public long ParameterCount => Inputs.Where(i => i.Op is Ops.VariableOp { Trainable: true }).Sum(i => (long)i.Shape.Length);

    /// <summary>The bytes of the value for one sample, or of the whole when there is no batch.</summary>
    public long ActivationBytes => (long)Shape.Length * sizeof(float);

    /// <summary>What one element sees of the network's input, or null where it sees all of it.</summary>
    public ReceptiveField? ReceptiveField => ConvNet.ReceptiveField.Of(this);

    /// <summary>The attributes as a person would say them.</summary>
    public string Description => Op.Describe(View);

    internal NameScope Scope { get; }

    internal OpInputs View => new(Op, Name, Inputs);

    /// <summary>The sum of two nodes, element by element.</summary>
    public static Node operator +(Node left, Node right) => left.Add(right);

    /// <summary>The difference of two nodes, element by element.</summary>
    public static Node operator -(Node left, Node right) => left.Subtract(right);

    /// <summary>The product of two nodes, element by element.</summary>
    public static Node operator *(Node left, Node right) => left.Multiply(right);

    /// <summary>The op, the name and the shape.</summary>
    public override string ToString() => $"{Op.Name} '{Name}': {Shape}";
}

/// <summary>Hands out the names of a network under construction: conv1, conv2, pool1 …</summary>
internal sealed class NameScope
{
    private readonly Dictionary<string, int> _counts = [];

    public string Next(string kind)
    {
        kind = char.ToLowerInvariant(kind[0]) + kind[1..];
        return $"{kind}{Count(kind)}";
    }

    /// <summary>Takes note of a name that was given, so that it is not handed out again: after conv3 comes conv4.</summary>
    public void Reserve(string name)
    {
        var kind = name.TrimEnd([.. "0123456789"]);
        if (int.TryParse(name.AsSpan(kind.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            _counts[kind] = Math.Max(_counts.GetValueOrDefault(kind), number);
    }

    /// <summary>
    /// Makes the names of a network with several inputs unique: the layers on each input were counted from 1, so that those of the
    /// later ones are counted on.
    /// </summary>
    public static void Join(IReadOnlyList<Node> nodes)
    {
        var first = nodes[0].Scope;
        var taken = nodes.Where(n => n.Scope == first).Select(n => n.Name).ToHashSet();
        foreach (var scope in nodes.Select(n => n.Scope).Distinct().Skip(1).ToArray())
        {
            var layers = nodes.Where(n => n.Scope == scope).GroupBy(n => n.Name.Split('.')[0]).ToArray();
            foreach (var layer in layers)
            {
                var kind = layer.Key.TrimEnd([.. "0123456789"]);
                var name = layer.Any(n => taken.Contains(n.Name)) ? first.Next(kind) : layer.Key;
                foreach (var node in layer)
                    taken.Add(node.Name = name + node.Name[layer.Key.Length..]);
                first.Reserve(name);
            }
        }
    }

    public int Count(string kind) => _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
}
