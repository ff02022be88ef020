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
    /// <param name="Output">The layout of the output, as its index among all layouts.</param>
    /// <param name="Inputs">Those of the inputs.</param>
    /// <param name="Cost">The estimated time in microseconds.</param>
    private sealed record Variant(int Output, int[] Inputs, double Cost);

    /// <summary>
    /// The nodes of a computation with their variants, one for each layout or null; the first is plain. Loops rather than queries: this runs before
    /// anything is compiled with optimisation.
    /// </summary>
    private sealed class Problem
    {
        private const int Plain = 0;

        private readonly Computation _computation;
        private readonly IBackend _backend;
        private readonly ConstantNodes _constant;
        private readonly int _maxBatch;
        private readonly Layout[] _layouts;
        private readonly IReadOnlyList<Node> _order;
        private readonly Dictionary<Node, int> _index = [];
        private readonly Variant?[][] _variants;
        private readonly int[][] _inputs;
        private readonly List<(int Consumer, int Input)>[] _uses;
        private readonly bool[] _isOutput;
        private readonly double[] _reorderCosts;

        public Problem(Computation computation, IBackend backend, Layout[] layouts, int maxBatch)
        {
            (_computation, _backend, _maxBatch, _layouts) = (computation, backend, maxBatch, layouts);
            _constant = new ConstantNodes(computation);
            _order = computation.Order();
            _variants = new Variant?[_order.Count][];
            _inputs = new int[_order.Count][];
            _uses = new List<(int, int)>[_order.Count];
            _isOutput = new bool[_order.Count];
            _reorderCosts = new double[_order.Count];
            for (var i = 0; i < _order.Count; i++)
            {
                var node = _order[i];
                _index[node] = i;
                _uses[i] = [];
                _inputs[i] = new int[node.Inputs.Count];
                for (var input = 0; input < node.Inputs.Count; input++)
                {
                    _inputs[i][input] = _index[node.Inputs[input]];
                    _uses[_inputs[i][input]].Add((i, input));
                }

                _variants[i] = new Variant?[layouts.Length];
                for (var layout = 0; layout < layouts.Length; layout++)
                    _variants[i][layout] = VariantOf(node, layout);
                _reorderCosts[i] = node.Type.Batched ? CostModel.Traffic(ReorderOverhead * 2 * sizeof(float) * node.Type.Length(maxBatch)) : 0;
            }

            foreach (var output in computation.Outputs)
                _isOutput[_index[output]] = true;
        }

        /// <summary>Starts from one layout wherever it is possible, and improves.</summary>
        public (int[] Choices, double Cost) Solve(int start)
        {
            var choices = new int[_order.Count];
            for (var node = 0; node < choices.Length; node++)
                choices[node] = _variants[node][start] == null ? Plain : start;
            for (var (sweep, changed) = (0, true); changed && sweep < MaxSweeps; sweep++)
            {
                changed = false;
                for (var node = 0; node < choices.Length; node++)
                    changed |= Improve(node, choices);
            }

            var cost = 0.0;
            for (var node = 0; node < choices.Length; node++)
                cost += _variants[node][choices[node]]!.Cost + Reorders(node, choices);
            return (choices, cost);
        }

        public Computation Rebuild(int[] choices)
        {
            var reordered = new Dictionary<(Node, Layout), Node>();
            return _computation.Rewrite((node, inputs) =>
            {
                var variant = _variants[_index[node]][choices[_index[node]]]!;
                Node[] laid = [.. inputs.Zip(variant.Inputs, (input, layout) => To(input, _layouts[layout]))];
                var result = variant.Output == Plain && laid.SequenceEqual(node.Inputs) ? node : new Node(node.Op, laid, node.Name, _layouts[variant.Output]);
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

        private Variant? VariantOf(Node node, int layout)
        {
            var wanted = _layouts[layout];
            var output = node.Type.Batched ? layout : Plain;
            var inputs = new int[node.Inputs.Count];
            var isPlain = output == Plain;
            for (var i = 0; i < inputs.Length; i++)
            {
                // Packed bytes are no activation: they lie as they came.
                inputs[i] = node.Op is not PixelsOp && wanted.Fits(node.Inputs[i].Type) ? layout : Plain;
                isPlain &= inputs[i] == Plain;
            }

            if (node.Op is InputOp or VariableOp || node.Op.IsView)
                return layout == Plain || (node.Op.IsView && CanView(node, wanted)) ? new Variant(output, inputs, 0) : null;
            if (layout != Plain && (isPlain || !_layouts[output].Fits(node.Type)))
                return null;
            var types = new TensorType[inputs.Length];
            var traffic = node.Type.Length(_maxBatch);
            for (var i = 0; i < inputs.Length; i++)
            {
                types[i] = node.Inputs[i].Type with { Layout = _layouts[inputs[i]] };
                traffic += types[i].Length(_maxBatch);
            }

            var signature = new OpSignature(node.Op, types, node.Type with { Layout = _layouts[output] }, _maxBatch) { KeepsPrepared = _constant.HasConstantParameters(node) };
            var kernel = _backend.Find(signature);
            return kernel == null && layout != Plain ? null : new Variant(output, inputs, kernel?.Cost ?? CostModel.Traffic(sizeof(float) * traffic));
        }

        /// <summary>Whether the elements keep their order in memory under another shape: a sample's do where samples are in the lanes.</summary>
        private static bool CanView(Node node, Layout layout)
            => layout.Kind == LayoutKind.BatchLanes && node.Type.Batched && node.Inputs[0].Type.Batched;

        /// <summary>Changes a node to its cheapest variant as the others are; false if it has it.</summary>
        private bool Improve(int node, int[] choices)
        {
            var (before, best, bestCost) = (choices[node], choices[node], CostAround(node, choices));
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
            return best != before;
        }

        /// <summary>What the choice of a node decides: its own cost and the reorders before and after it.</summary>
        private double CostAround(int node, int[] choices)
        {
            var cost = _variants[node][choices[node]]!.Cost + Reorders(node, choices);
            foreach (var input in _inputs[node])
                cost += Reorders(input, choices);
            return cost;
        }

        /// <summary>The cost of the reorders of a node's output: one for each other layout that somebody wants.</summary>
        private double Reorders(int node, int[] choices)
        {
            if (_reorderCosts[node] == 0)
                return 0;
            var wanted = _isOutput[node] ? 1 << Plain : 0;
            foreach (var (consumer, input) in _uses[node])
                wanted |= 1 << _variants[consumer][choices[consumer]]!.Inputs[input];
            var own = 1 << _variants[node][choices[node]]!.Output;
            wanted &= ~own;

            // From lanes to other lanes there is no way but by the plain layout.
            if (own != 1 << Plain && wanted > 1 << Plain)
                wanted |= 1 << Plain;
            return int.PopCount(wanted) * _reorderCosts[node];
        }
    }
}
