using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Where the parameters and states of a network lie in one slab of floats: parameters first, so that an optimizer step,
/// clipping or saving is one flat loop. Each starts on a multiple of 16 floats; the gaps are zero.
/// </summary>
public sealed class VariableLayout
{
    /// <summary>The alignment of variables, in floats: one cache line.</summary>
    public const int Alignment = 16;

    internal VariableLayout(IEnumerable<Node> nodes)
    {
        var variables = new List<Variable>();
        var offset = 0L;
        foreach (var node in nodes.Where(n => n.Op is VariableOp).OrderBy(n => !((VariableOp)n.Op).Trainable))
        {
            var variable = new Variable(node, (int)offset);
            variables.Add(variable);
            offset += ((long)node.Shape.Length + Alignment - 1) / Alignment * Alignment;
            if (offset > int.MaxValue)
                throw new ArgumentException($"A network may hold at most {int.MaxValue} values; with '{node.Name}' ({node.Shape}) it holds {offset}.");
            if (variable.Trainable)
                TrainableLength = (int)offset;
        }

        Variables = variables;
        Length = (int)offset;
    }

    /// <summary>All parameters, then all states.</summary>
    public IReadOnlyList<Variable> Variables { get; }

    /// <summary>The length of the slab in floats.</summary>
    public int Length { get; }

    /// <summary>The length of the leading part that holds the parameters.</summary>
    public int TrainableLength { get; }
}

/// <summary>A parameter or state and its place.</summary>
/// <param name="Node">The node.</param>
/// <param name="Offset">The index of its first float in the slab.</param>
public sealed record Variable(Node Node, int Offset)
{
    /// <summary>Whether it is a parameter, changed by its gradient.</summary>
    public bool Trainable => ((VariableOp)Node.Op).Trainable;
}
