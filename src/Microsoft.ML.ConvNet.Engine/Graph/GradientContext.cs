namespace Microsoft.ML.ConvNet;

/// <summary>What a gradient rule sees: the node, the gradient of its output, and where to put those of its inputs.</summary>
public sealed class GradientContext
{
    private readonly Func<Node, bool> _needs;
    private readonly Action<Node, Node> _add;

    internal GradientContext(Node node, Node outputGradient, Func<Node, bool> needs, Action<Node, Node> add)
    {
        Node = node;
        OutputGradient = outputGradient;
        _needs = needs;
        _add = add;
    }

    /// <summary>The node to differentiate.</summary>
    public Node Node { get; }

    /// <summary>dL/dy: the gradient of the loss by the node's output.</summary>
    public Node OutputGradient { get; }

    /// <summary>One input of the node.</summary>
    public Node Input(int input) => Node.Inputs[input];

    /// <summary>Whether the node has this input and something before it is trained.</summary>
    public bool Needs(int input) => input < Node.Inputs.Count && _needs(Node.Inputs[input]);

    /// <summary>Adds <paramref name="gradient"/> to dL/dx of one input.</summary>
    public void Add(int input, Node gradient)
    {
        if (gradient.Type != Input(input).Type)
            throw new InvalidOperationException($"The gradient rule of {Node} gave {gradient.Type} for input {input} of type {Input(input).Type}.");
        _add(Input(input), gradient);
    }

    /// <summary>Makes a node of the backward pass, named after the node that is differentiated.</summary>
    public Node New(Op op, params IReadOnlyList<Node> inputs) => new(op, inputs, $"{Node.Name}.{op.Name}");
}
