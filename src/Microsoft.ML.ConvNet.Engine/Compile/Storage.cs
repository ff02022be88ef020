using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile;

/// <summary>Which memory a buffer is a part of.</summary>
internal enum Pool
{
    /// <summary>Shared by lifetime.</summary>
    Arena,

    /// <summary>The slab of parameters and states, laid out by <see cref="VariableLayout"/>.</summary>
    Variables,

    /// <summary>The slab of gradients, laid out as the parameters.</summary>
    Gradients,
}

/// <summary>The buffer of one or more nodes: views share that of their input, and so do ops that work in place.</summary>
internal sealed class Storage(Pool pool, long offset, long length, int first)
{
    public Pool Pool => pool;

    public long Offset { get; set; } = offset;

    public long Length => length;

    public int First { get; } = first;

    public int Last { get; set; } = first;
}

/// <summary>Decides which node lives in which buffer.</summary>
internal sealed class StorageAssignment
{
    private readonly Dictionary<Node, Storage> _storages = [];
    private readonly VariableLayout _layout;
    private readonly int _maxBatch;
    private readonly IReadOnlySet<Node> _kept;

    /// <param name="computation">What is computed; its gradients and updates are computed values of their own.</param>
    /// <param name="order">The nodes in the order in which they run.</param>
    /// <param name="layout">The places of the variables.</param>
    /// <param name="maxBatch">The batch to make room for.</param>
    /// <param name="kept">The nodes whose values stay from run to run.</param>
    public StorageAssignment(Computation computation, IReadOnlyList<Node> order, VariableLayout layout, int maxBatch, IReadOnlySet<Node> kept)
    {
        _layout = layout;
        _maxBatch = maxBatch;
        _kept = kept;
        var lastUse = LastUses(computation, order, kept);
        foreach (var gradient in computation.Gradients)
            _storages[gradient.Gradient] = new Storage(Pool.Gradients, OffsetOf(gradient.Parameter), gradient.Gradient.Shape.Length, 0);
        foreach (var update in computation.Updates)
            _storages[update.Value] = new Storage(Pool.Variables, OffsetOf(update.State), update.State.Shape.Length, 0);
        foreach (var (index, node) in order.Index())
        {
            if (!_storages.TryGetValue(node, out var storage))
                _storages[node] = storage = Choose(node, index);
            storage.Last = Math.Max(storage.Last, lastUse[node]);
        }
    }

    public Storage this[Node node] => _storages[node];

    public IEnumerable<Storage> Arena => _storages.Values.Where(s => s.Pool == Pool.Arena).Distinct();

    private Storage Choose(Node node, int index)
    {
        if (node.Op is VariableOp)
            return new Storage(Pool.Variables, OffsetOf(node), node.Shape.Length, 0);
        if (node.Op.IsView)
            return _storages[node.Inputs[0]];
        for (var input = 0; input < node.Inputs.Count; input++)
        {
            var candidate = _storages[node.Inputs[input]];
            if (node.Op.CanOverwrite(input) && candidate.Pool == Pool.Arena && candidate.Last == index && node.Inputs[input].Type == node.Type)
                return candidate;
        }

        // Inputs are written before the first step.
        return new Storage(Pool.Arena, 0, node.Type.Length(_maxBatch), node.Op is InputOp || _kept.Contains(node) ? 0 : index);
    }

    private int OffsetOf(Node variable) => _layout.Variables.First(v => v.Node == variable).Offset;

    /// <summary>The index of the last node that reads each node's buffer, itself or through a view.</summary>
    private static Dictionary<Node, int> LastUses(Computation computation, IReadOnlyList<Node> order, IReadOnlySet<Node> kept)
    {
        var last = order.Index().ToDictionary(n => n.Item, n => n.Index);
        foreach (var output in computation.Outputs.Concat(kept))
            last[output] = int.MaxValue;
        foreach (var (index, node) in order.Index().Reverse())
        {
            foreach (var input in node.Inputs)
                last[input] = Math.Max(last[input], node.Op.IsView ? last[node] : index);
        }

        return last;
    }
}
