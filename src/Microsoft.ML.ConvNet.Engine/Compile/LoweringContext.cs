namespace Microsoft.ML.ConvNet.Compile;

/// <summary>What a network is compiled for.</summary>
public enum Mode
{
    /// <summary>To predict: no batch statistics, no dropout.</summary>
    Inference,

    /// <summary>To train.</summary>
    Training,
}

/// <summary>What <see cref="Op.Lower"/> sees: the node with its lowered inputs, and the mode.</summary>
public sealed class LoweringContext
{
    private readonly Node _node;
    private readonly IReadOnlyList<Node> _inputs;
    private readonly List<StateUpdate> _updates;

    internal LoweringContext(Mode mode, Node node, IReadOnlyList<Node> inputs, List<StateUpdate> updates)
    {
        Mode = mode;
        _node = node;
        _inputs = inputs;
        _updates = updates;
    }

    /// <summary>What the network is compiled for.</summary>
    public Mode Mode { get; }

    /// <summary>One input of the node, lowered.</summary>
    public Node Input(int input) => _inputs[input];

    /// <summary>Makes a node that takes part in the replacement.</summary>
    public Node New(Op op, params IReadOnlyList<Node> inputs) => new(op, inputs, $"{_node.Name}.{op.Name}");

    /// <summary>
    /// Has each run of the plan set a state to a new value after everything else. Updates run in the order of their
    /// layers, so that the second of two for one state follows from the first.
    /// </summary>
    public void Update(Node state, Node value) => _updates.Add(new StateUpdate(state, value));
}

/// <summary>A state and the node that computes its next value.</summary>
public sealed record StateUpdate(Node State, Node Value);
