namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>How often each node of a computation is used: by other nodes and as an output, gradient or update.</summary>
internal sealed class Uses
{
    private readonly Dictionary<Node, int> _counts = [];

    public Uses(Computation computation)
    {
        foreach (var used in computation.Order().SelectMany(n => n.Inputs).Concat(computation.Roots))
            _counts[used] = _counts.GetValueOrDefault(used) + 1;
    }

    /// <summary>Whether only one node uses this one, so that both can become one.</summary>
    public bool IsSingle(Node node) => _counts[node] == 1;
}
