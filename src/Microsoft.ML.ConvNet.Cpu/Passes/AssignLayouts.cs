using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Gives every activation the layout that makes the whole plan cheapest, and inserts the reorders that this takes. A node's
/// variants are the layouts for which the backend has a kernel; its cost is the kernel's estimate, or the memory that it moves. Starting from each layout
/// in turn for all nodes that can have it, nodes change to a cheaper variant, reorders included, until none does; the cheapest end wins.
/// </summary>
internal sealed class AssignLayouts(IBackend backend, IReadOnlyList<Layout> layouts) : IPass
{
    /// <summary>A sweep beyond these finds next to nothing.</summary>
    private const int MaxSweeps = 8;

    /// <summary>Bytes that a reorder seems to move for each that it moves: it is no plain copy.</summary>
    private const double ReorderOverhead = 1.5;

    public Computation Run(Computation computation, int maxBatch)
    {
        var problem = new Problem(computation, backend, [Layout.Plain, .. layouts], maxBatch);
        var best = Enumerable.Range(0, layouts.Count + 1).Select(problem.Solve).MinBy(s => s.Cost);
        return best.Choices.All(c => c == 0) ? computation : problem.Rebuild(best.Choices);
    }

    /// <summary>One way to compute a node.</summary>
    private readonly record struct Variant(Layout Layout, Layout[] Inputs, double Cost);

    /// <summary>The nodes of a computation with their variants; the first is plain.</summary>
    private sealed class Problem
    {
        private readonly Computation _computation;
        private readonly int _maxBatch;
        private readonly Layout[] _layouts;
        private readonly IReadOnlyList<Node> _order;
        private readonly Dictionary<Node, int> _index;
        private readonly Variant?[][] _variants;
        private readonly (int Consumer, int Input)[][] _uses;
        private readonly bool[] _isOutput;

        public Problem(Computation computation, IBackend backend, Layout[] layouts, int maxBatch)
        {
            (_computation, _maxBatch, _layouts) = (computation, maxBatch, layouts);
            _order = computation.Order();
            _index = _order.Index().ToDictionary(n => n.Item, n => n.Index);
            _variants = [.. _order.Select(n => layouts.Select(l => VariantOf(n, l, backend)).ToArray())];
            _uses = [.. _order.Select(_ => Array.Empty<(int, int)>())];
            foreach (var use in _order.Index().SelectMany(n => n.Item.Inputs.Index().Select(i => (Producer: _index[i.Item], Use: (n.Index, i.Index)))).GroupBy(u => u.Producer, u => u.Use))
                _uses[use.Key] = [.. use];
            _isOutput = [.. _order.Select(computation.Outputs.Contains)];
        }

        /// <summary>Starts from one layout wherever it is possible, and improves.</summary>
        public (int[] Choices, double Cost) Solve(int start)
        {
            var choices = _variants.Select(v => v[start] == null ? 0 : start).ToArray();
            for (var (sweep, changed) = (0, true); changed && sweep < MaxSweeps; sweep++)
            {
                changed = false;
                for (var node = 0; node < choices.Length; node++)
                {
                    var (before, bestCost) = (choices[node], CostAround(node, choices));
                    var best = before;
                    for (var choice = 0; choice < _layouts.Length; choice++)
                    {
                        if (choice == before || _variants[node][choice] == null)
                            continue;
                        choices[node] = choice;
                        var cost = CostAround(node, choices);
                        if (cost < bestCost * 0.999999)
                            (best, bestCost) = (choice, cost);
                    }

                    choices[node] = best;
                    changed |= best != before;
                }
            }

            return (choices, Enumerable.Range(0, choices.Length).Sum(n => _variants[n][choices[n]]!.Value.Cost + Reorders(n, choices)));
        }

        public Computation Rebuild(int[] choices)
        {
            var reordered = new Dictionary<(Node, Layout), Node>();
            return _computation.Rewrite((node, inputs) =>
            {
                var variant = _variants[_index[node]][choices[_index[node]]]!.Value;
                Node[] laid = [.. inputs.Zip(variant.Inputs, To)];
                var result = variant.Layout == Layout.Plain && laid.SequenceEqual(node.Inputs) ? node : new Node(node.Op, laid, node.Name, variant.Layout);
                return _isOutput[_index[node]] ? To(result, Layout.Plain) : result;
            });

            Node To(Node node, Layout layout)
            {
                if (node.Type.Layout == layout)
                    return node;
                if (!reordered.TryGetValue((node, layout), out var copy))
                {
                    // From lanes to other lanes there is no way but by the plain layout.
                    var source = layout == Layout.Plain ? node : To(node, Layout.Plain);
                    reordered[(node, layout)] = copy = new Node(new CopyOp(), [source], $"{node.Name}.{layout}", layout);
                }

                return copy;
            }
        }

        private Variant? VariantOf(Node node, Layout layout, IBackend backend)
        {
            var output = node.Type.Batched ? layout : Layout.Plain;
            Layout[] inputs = [.. node.Inputs.Select(i => layout.Fits(i.Type) ? layout : Layout.Plain)];
            if (node.Op is InputOp or VariableOp || node.Op.IsView)
                return layout == Layout.Plain || (node.Op.IsView && CanView(node, layout)) ? new Variant(output, inputs, 0) : null;
            if (layout == Layout.Plain)
                return new Variant(output, inputs, Find() is { Cost: { } plain } ? plain : Traffic());
            if (!output.Fits(node.Type) || inputs.All(i => i == Layout.Plain) && output == Layout.Plain)
                return null;
            return Find() is { } kernel ? new Variant(output, inputs, kernel.Cost ?? Traffic()) : null;

            Kernel? Find() => backend.Find(new OpSignature(
                node.Op, [.. node.Inputs.Zip(inputs, (i, l) => i.Type with { Layout = l })], node.Type with { Layout = output }, _maxBatch));

            double Traffic() => CostModel.Traffic(sizeof(float) * (node.Type.Length(_maxBatch) + node.Inputs.Sum(i => i.Type.Length(_maxBatch))));
        }

        /// <summary>Whether the elements keep their order in memory under another shape: a sample's do where samples are in the lanes.</summary>
        private static bool CanView(Node node, Layout layout)
            => layout.Kind == LayoutKind.BatchLanes && node.Type.Batched && node.Inputs[0].Type.Batched;

        /// <summary>What the choice of a node decides: its own cost and the reorders before and after it.</summary>
        private double CostAround(int node, int[] choices)
        {
            var cost = _variants[node][choices[node]]!.Value.Cost + Reorders(node, choices);
            foreach (var input in _order[node].Inputs)
                cost += Reorders(_index[input], choices);
            return cost;
        }

        /// <summary>The cost of the reorders of a node's output: one for each other layout that somebody wants.</summary>
        private double Reorders(int node, int[] choices)
        {
            if (!_order[node].Type.Batched)
                return 0;
            var own = _variants[node][choices[node]]!.Value.Layout;
            var count = _layouts.Count(wanted => wanted != own && (
                (wanted == Layout.Plain && _isOutput[node])
                || _uses[node].Any(u => _variants[u.Consumer][choices[u.Consumer]]!.Value.Inputs[u.Input] == wanted)));
            return count * CostModel.Traffic(ReorderOverhead * 2 * sizeof(float) * _order[node].Type.Length(_maxBatch));
        }
    }
}
