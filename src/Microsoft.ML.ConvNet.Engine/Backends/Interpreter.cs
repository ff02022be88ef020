using System.Numerics;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Backends;

/// <summary>
/// Runs a graph by the naive implementations of its ops, one array a node: slow, plain and, with
/// <see cref="double"/>, precise. It is what kernels and gradients are checked against. Layouts are ignored: every value is plain.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
public sealed class Interpreter<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Dictionary<Node, T[]> _values = [];

    /// <summary>The number of samples.</summary>
    public required int Batch { get; init; }

    /// <summary>The state of the run.</summary>
    public RunState State { get; init; }

    /// <summary>Sets the value of an input or a variable; what was computed before is forgotten.</summary>
    /// <exception cref="ArgumentException">The number of elements is wrong.</exception>
    public void Set(Node node, T[] value)
    {
        if (value.Length != node.Type.Length(Batch))
            throw new ArgumentException($"{node} needs {node.Type.Length(Batch)} values for a batch of {Batch}; received {value.Length}.", nameof(value));
        foreach (var computed in _values.Keys.Where(n => n.Inputs.Count > 0).ToArray())
            _values.Remove(computed);
        _values[node] = value;
    }

    /// <summary>The value of a node.</summary>
    /// <exception cref="InvalidOperationException">An input or variable below it has no value.</exception>
    public T[] Evaluate(Node root)
    {
        foreach (var node in Traversal.Order([root]))
        {
            if (_values.ContainsKey(node))
                continue;
            if (node.Op is InputOp or VariableOp)
                throw new InvalidOperationException($"{node} has no value.");
            var call = new Call(node.Inputs.Select(i => _values[i]).ToArray(), new T[node.Type.Plain.Length(Batch)])
            {
                InputTypes = [.. node.Inputs.Select(i => i.Type.Plain)],
                OutputType = node.Type.Plain,
                Batch = Batch,
                State = State,
            };
            node.Op.Reference(call);
            _values[node] = call.OutputArray;
        }

        return _values[root];
    }

    private sealed class Call(T[][] inputs, T[] output) : ReferenceCall<T>
    {
        public T[] OutputArray => output;

        public override Span<T> Output => output;

        public override Span<T> Mutable(int input) => inputs[input];
    }
}
