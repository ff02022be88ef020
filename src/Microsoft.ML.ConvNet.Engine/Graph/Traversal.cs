namespace Microsoft.ML.ConvNet;

/// <summary>Walks over graphs.</summary>
internal static class Traversal
{
    /// <summary>
    /// The nodes that <paramref name="roots"/> depend on, each after its inputs, roots in their given order. The order
    /// depends on the graph alone, so the same network always gets the same plan.
    /// </summary>
    public static IReadOnlyList<Node> Order(IEnumerable<Node> roots)
    {
        var order = new List<Node>();
        var seen = new HashSet<Node>();
        var stack = new Stack<(Node Node, int NextInput)>();
        foreach (var root in roots)
        {
            if (seen.Add(root))
                stack.Push((root, 0));
            while (stack.TryPop(out var top))
            {
                if (top.NextInput == top.Node.Inputs.Count)
                {
                    order.Add(top.Node);
                    continue;
                }

                stack.Push((top.Node, top.NextInput + 1));
                var input = top.Node.Inputs[top.NextInput];
                if (seen.Add(input))
                    stack.Push((input, 0));
            }
        }

        return order;
    }

    /// <summary>
    /// Rebuilds the graph below <paramref name="roots"/>: <paramref name="replace"/> gets each node with its rebuilt
    /// inputs and returns the node to use instead, or null to keep it.
    /// </summary>
    public static IReadOnlyList<Node> Rewrite(IReadOnlyList<Node> roots, Func<Node, IReadOnlyList<Node>, Node?> replace)
    {
        var rebuilt = new Dictionary<Node, Node>();
        foreach (var node in Order(roots))
        {
            var inputs = node.Inputs.Select(i => rebuilt[i]).ToArray();
            rebuilt[node] = replace(node, inputs)
                ?? (inputs.SequenceEqual(node.Inputs) ? node : new Node(node.Op, inputs, node.Name, node.Type.Layout));
        }

        return [.. roots.Select(r => rebuilt[r])];
    }
}
