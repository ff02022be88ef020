using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>
/// Trades time for memory in training (Chen et al. 2016, Training deep nets with sublinear memory cost): the forward pass is cut into segments of about as many bytes each, of
/// which only the last activation is kept; the backward pass computes the others again, segment by segment. A cut can be where everything that follows depends on
/// one activation alone, such as between two residual blocks. The results stay the same.
/// </summary>
/// <param name="segments">The number of segments; below two, or in a network that cannot be cut, nothing changes.</param>
public sealed class RecomputeActivations(int segments) : IPass
{
    /// <inheritdoc/>
    public Computation Run(Computation computation, int maxBatch)
    {
        var forward = Traversal.Order(computation.Outputs);
        var position = forward.Index().ToDictionary(n => n.Item, n => n.Index);
        var cuts = Cuts(forward, position);
        if (cuts.Count == 0 || computation.Gradients.Count == 0)
            return computation;

        // What comes after the last cut is still there when the backward pass begins.
        var lastCut = cuts.Max(c => position[c]);
        var again = new Dictionary<Node, Node>();
        return computation.Rewrite((node, inputs) =>
        {
            if (position.ContainsKey(node))
                return null;
            Node[] replaced = [.. inputs.Zip(node.Inputs, (rebuilt, original) => position.ContainsKey(original) ? Again(original) : rebuilt)];
            return replaced.SequenceEqual(node.Inputs) ? null : new Node(node.Op, replaced, node.Name);
        });

        Node Again(Node node)
        {
            if (IsKept(node) || cuts.Contains(node) || position[node] > lastCut)
                return node;
            if (!again.TryGetValue(node, out var copy))
                again[node] = copy = new Node(node.Op, [.. node.Inputs.Select(Again)], $"{node.Name}.Again");
            return copy;
        }
    }

    /// <summary>What takes little memory, or none of the plan's own.</summary>
    private static bool IsKept(Node node) => !node.Type.Batched || node.Op is InputOp;

    /// <summary>The activations that end a segment.</summary>
    private HashSet<Node> Cuts(IReadOnlyList<Node> forward, Dictionary<Node, int> position)
    {
        var candidates = Bottlenecks(forward, position);
        var total = forward.Where(n => !IsKept(n)).Sum(n => n.ActivationBytes);
        var cuts = new HashSet<Node>();
        for (var segment = 1; segment < segments && candidates.Count > 0; segment++)
            cuts.Add(candidates.MinBy(c => Math.Abs(c.Bytes - (total * segment / (double)segments))).Node);
        return cuts;
    }

    /// <summary>The activations that all later ones depend on alone, each with the bytes of those up to it.</summary>
    private static List<(Node Node, long Bytes)> Bottlenecks(IReadOnlyList<Node> forward, Dictionary<Node, int> position)
    {
        var lastUse = new int[forward.Count];
        foreach (var (index, node) in forward.Index())
        {
            foreach (var input in node.Inputs)
                lastUse[position[input]] = index;
        }

        var found = new List<(Node, long)>();
        var alive = new HashSet<int>();
        long bytes = 0;
        foreach (var (index, node) in forward.Index())
        {
            alive.RemoveWhere(i => lastUse[i] <= index);
            if (IsKept(node))
                continue;
            bytes += node.ActivationBytes;
            if (lastUse[index] <= index)
                continue;
            if (alive.Count == 0)
                found.Add((node, bytes));
            alive.Add(index);
        }

        return found;
    }
}
