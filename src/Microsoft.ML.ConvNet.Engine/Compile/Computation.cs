using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile;

/// <summary>
/// What a plan computes: outputs to read, states to update, and in training the gradients of all parameters with the
/// optimizer that applies them.
/// </summary>
public sealed record Computation
{
    /// <summary>The values that can be read after a run.</summary>
    public required IReadOnlyList<Node> Outputs { get; init; }

    /// <summary>The states that a run sets.</summary>
    public IReadOnlyList<StateUpdate> Updates { get; init; } = [];

    /// <summary>The gradient of each parameter that the loss depends on; for the others it is zero.</summary>
    public IReadOnlyList<ParameterGradient> Gradients { get; init; } = [];

    /// <summary>The optimizer, or null to leave the parameters alone.</summary>
    public OptimizerOp? Optimizer { get; init; }

    /// <summary>Whether the optimizer applies the gradients of several runs at once: see <see cref="Plan.RunPart"/>.</summary>
    public bool AccumulatesGradients { get; init; }

    /// <summary>The computation of <paramref name="outputs"/> as they are in inference.</summary>
    public static Computation Inference(params IReadOnlyList<Node> outputs) => Lower(outputs, Mode.Inference);

    /// <summary>
    /// A training step: the loss (the first output) and <paramref name="outputs"/> in training mode, the gradients, and the
    /// optimizer's update of the parameters.
    /// </summary>
    /// <exception cref="ArgumentException">The loss is not a single number.</exception>
    public static Computation Training(Node loss, OptimizerOp? optimizer, params IReadOnlyList<Node> outputs)
    {
        var forward = Lower([loss, .. outputs], Mode.Training);
        var parameters = Traversal.Order(forward.Outputs).Where(n => n.Op is VariableOp { Trainable: true }).ToArray();
        var gradients = Microsoft.ML.ConvNet.Gradients.Of(forward.Outputs[0], parameters);
        return forward with
        {
            // The last layer's gradients are ready first: in this order the plan computes them, and frees what they need.
            Gradients = [.. parameters.Zip(gradients).Where(p => p.Second != null).Select(p => new ParameterGradient(p.First, p.Second!)).Reverse()],
            Optimizer = optimizer,
        };
    }

    /// <summary>All nodes, each after its inputs, in the order in which a plan runs them.</summary>
    public IReadOnlyList<Node> Order() => Traversal.Order(Roots);

    /// <summary>
    /// Rebuilds everything that is computed, each node after its inputs: <paramref name="replace"/> gets each node with its rebuilt inputs
    /// and returns the node to use instead, or null to keep it.
    /// </summary>
    public Computation Rewrite(Func<Node, IReadOnlyList<Node>, Node?> replace)
    {
        var roots = Traversal.Rewrite(Roots, replace);
        var (outputs, gradients) = (Outputs.Count, Gradients.Count);
        return this with
        {
            Outputs = [.. roots.Take(outputs)],
            Gradients = [.. Gradients.Zip(roots.Skip(outputs), (g, node) => g with { Gradient = node })],
            Updates = [.. Updates.Zip(roots.Skip(outputs + gradients), (u, node) => u with { Value = node })],
        };
    }

    internal IReadOnlyList<Node> Roots => [.. Outputs, .. Gradients.Select(g => g.Gradient), .. Updates.Select(u => u.Value)];

    private static Computation Lower(IReadOnlyList<Node> outputs, Mode mode)
    {
        var updates = new List<StateUpdate>();
        var lowered = Traversal.Rewrite(
            outputs, (node, inputs) => node.Op.Lower(new LoweringContext(mode, node, inputs, updates)));
        return new Computation { Outputs = lowered, Updates = updates };
    }
}

/// <summary>A parameter and the node that computes the gradient of the loss by it.</summary>
public sealed record ParameterGradient(Node Parameter, Node Gradient);
