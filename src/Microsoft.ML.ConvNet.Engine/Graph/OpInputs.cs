namespace Microsoft.ML.ConvNet;

/// <summary>What an op sees of its place in the graph: its node's name and its inputs.</summary>
public sealed class OpInputs(Op op, string name, IReadOnlyList<Node> nodes)
{
    /// <summary>The name of the node.</summary>
    public string Name { get; } = name;

    /// <summary>The number of inputs.</summary>
    public int Count => nodes.Count;

    /// <summary>The type of one input; its layout is none of an op's business, so it is always plain.</summary>
    public TensorType this[int input] => nodes[input].Type.Plain;

    /// <summary>What errors say of the op; by default what it says of itself, which may need inputs that are not there yet.</summary>
    internal string? Attributes { get; init; }

    /// <summary>
    /// An error in the form of this project: the node, its attributes, what it received, and why that does not fit.
    /// For example: <c>MaxPool 'pool3' (window 2×2, stride 2) received 'relu3': 64×1×1: the output would be 64×0×0.</c>
    /// </summary>
    public ShapeException Error(string why)
    {
        var attributes = Attributes ?? (nodes.Count > 0 ? op.Describe(this) : "");
        var received = string.Join(" and ", nodes.Where(n => n.Op is not Ops.VariableOp).Select(n => $"'{n.Name}': {n.Shape}"));
        return new ShapeException(
            $"{op.Name} '{Name}'{(attributes.Length > 0 ? $" ({attributes})" : "")} received {(received.Length > 0 ? received : "no input")}: {why}.");
    }

    /// <summary>Checks the number of inputs.</summary>
    /// <exception cref="ShapeException">There are fewer or more.</exception>
    public void ExpectCount(int minimum, int maximum)
    {
        if (Count < minimum || Count > maximum)
            throw Error($"it takes {(minimum == maximum ? $"{minimum}" : $"{minimum} to {maximum}")} inputs, not {Count}");
    }

    /// <summary>Checks the number of inputs.</summary>
    /// <exception cref="ShapeException">There are fewer or more.</exception>
    public void ExpectCount(int count) => ExpectCount(count, count);

    /// <summary>Checks that one input is an activation: one tensor for each sample.</summary>
    /// <exception cref="ShapeException">It has no batch.</exception>
    public void ExpectBatched(int input)
    {
        if (!this[input].Batched)
            throw Error($"input {input} must have a batch");
    }

    /// <summary>Checks the type of one input, such as that of a bias.</summary>
    /// <exception cref="ShapeException">It is another.</exception>
    public void Expect(int input, TensorType type, string what)
    {
        if (this[input] != type)
            throw Error($"its {what} must be {type} but is {this[input]}");
    }
}
