using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile;

/// <summary>
/// What stays the same from run to run of a computation: what follows from variables alone, where the computation changes none. A plan
/// computes it again only when somebody else has changed a variable.
/// </summary>
public sealed class ConstantNodes
{
    private readonly HashSet<Node> _nodes = [];
    private readonly bool _changesVariables;

    /// <summary>Finds the constant nodes.</summary>
    /// <param name="computation">The computation.</param>
    public ConstantNodes(Computation computation)
    {
        _changesVariables = computation.Optimizer != null || computation.Updates.Count > 0;
        if (_changesVariables || computation.Gradients.Count > 0)
            return;
        foreach (var node in computation.Order().Where(n => n.Inputs.Count > 0 && !n.Type.Batched && n.Inputs.All(IsVariableOrConstant)))
            _nodes.Add(node);
    }

    /// <summary>The nodes.</summary>
    public IReadOnlySet<Node> All => _nodes;

    /// <summary>Whether the node is computed once for many runs.</summary>
    /// <param name="node">A node of the computation.</param>
    public bool Contains(Node node) => _nodes.Contains(node);

    /// <summary>Whether all inputs without a batch stay the same, so that what a kernel makes of them lasts from run to run.</summary>
    /// <param name="node">A node of the computation.</param>
    public bool HasConstantParameters(Node node) => !_changesVariables && node.Inputs.All(i => i.Type.Batched || IsVariableOrConstant(i));

    private bool IsVariableOrConstant(Node node) => node.Op is VariableOp || _nodes.Contains(node);
}
