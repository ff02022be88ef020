using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Reverse-mode differentiation (Griewank &amp; Walther, Evaluating Derivatives, chapter 3) on the graph: the gradients
/// are nodes like any others, and planned, fused and run like them.
/// </summary>
public static class Gradients
{
    /// <summary>Builds dL/dv for each of <paramref name="variables"/>.</summary>
    /// <param name="loss">A single number without a batch, such as a mean loss.</param>
    /// <param name="variables">The nodes to differentiate by.</param>
    /// <returns>For each variable its gradient, or null where the loss does not depend on it.</returns>
    /// <exception cref="ArgumentException">The loss is not a single number.</exception>
    public static IReadOnlyList<Node?> Of(Node loss, IReadOnlyList<Node> variables)
    {
        if (loss.Type.Batched || loss.Shape.Length != 1)
            throw new ArgumentException($"Gradients are taken of a single number; {loss} is {loss.Type}.", nameof(loss));

        var order = Traversal.Order([loss]);
        var needed = new HashSet<Node>(variables);
        foreach (var node in order)
        {
            if (node.Inputs.Any(needed.Contains))
                needed.Add(node);
        }

        var gradients = new Dictionary<Node, Node>();
        if (needed.Contains(loss))
            gradients[loss] = new Node(new FillOp { Value = 1, Shape = loss.Shape }, [], "loss.gradient");

        for (var i = order.Count - 1; i >= 0; i--)
        {
            var node = order[i];
            if (node.Inputs.Count == 0 || !needed.Contains(node) || !gradients.TryGetValue(node, out var gradient))
                continue;
            node.Op.Gradient(new GradientContext(node, gradient, needed.Contains, Accumulate));
        }

        return [.. variables.Select(v => gradients.GetValueOrDefault(v))];

        void Accumulate(Node node, Node gradient)
            => gradients[node] = gradients.TryGetValue(node, out var sum)
                ? new Node(new AddOp(), [sum, gradient], $"{node.Name}.GradientSum")
                : gradient;
    }
}
