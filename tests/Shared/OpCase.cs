using System.Numerics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>
/// One configuration of an op. The same case is checked against finite differences, run on every backend, and timed.
/// </summary>
public sealed record OpCase
{
    private readonly Lazy<float[][]> _values;

    public OpCase(Op op, int batch, params TensorType[] inputs)
    {
        (Op, Batch, Inputs) = (op, batch, inputs);
        _values = new Lazy<float[][]>(() => [.. Inputs.Index().Select(i => Draw(i.Index))]);
    }

    public Op Op { get; }

    public int Batch { get; }

    public TensorType[] Inputs { get; }

    /// <summary>How far a kernel may be off: relative to the element or the root mean square of all, whichever is larger.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Inputs that hold class indices below this; none by default.</summary>
    public (int Input, int Classes)? ClassIndices { get; init; }

    /// <summary>Inputs that must not be negative, such as variances.</summary>
    public int[] Positive { get; init; } = [];

    /// <summary>The inputs that gradients are checked by; all without class indices by default.</summary>
    public int[]? Differentiable { get; init; }

    /// <summary>Makes the node whose gradient is checked; by default the op on its inputs.</summary>
    public Func<Op, Node[], Node>? Build { get; init; }

    /// <summary>Whether the op has a gradient rule.</summary>
    public bool HasGradient { get; init; } = true;

    public TensorType Output => Place().Type;

    public RunState State { get; } = new(Seed: 7, Step: 3, LearningRate: 0.1f);

    /// <summary>The values of the inputs, for the whole batch.</summary>
    public float[][] Values => _values.Value;

    /// <summary>The op as a node on inputs (with a batch) and variables (without).</summary>
    public Node Place() => new(Op, Sources(), "y");

    public Node[] Sources()
        => [.. Inputs.Index().Select(i => new Node(
            i.Item.Batched
                ? new InputOp { Shape = i.Item.Shape }
                : new VariableOp { Shape = i.Item.Shape, Trainable = true },
            [],
            $"x{i.Index}"))];

    /// <summary>The output by the op's naive implementation in double precision.</summary>
    public double[] Expected() => Interpret(Values.Select(v => Array.ConvertAll(v, x => (double)x)).ToArray(), Place());

    public T[] Interpret<T>(T[][] values, Node node) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var interpreter = new Interpreter<T> { Batch = Batch, State = State };
        foreach (var source in Traversal.Order([node]).Where(n => n.Name.StartsWith('x') && n.Inputs.Count == 0))
            interpreter.Set(source, [.. values[int.Parse(source.Name[1..])]]);
        return interpreter.Evaluate(node);
    }

    /// <summary>The op with all its attributes, the inputs and the batch: no other case has the same.</summary>
    public override string ToString() => $"{Op} on {string.Join(", ", Inputs)}, batch {Batch}";

    private float[] Draw(int input)
    {
        var values = new float[Inputs[input].Length(Batch)];
        var key = CounterRandom.Key(11, input, 0);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = ClassIndices is { } indices && indices.Input == input
                ? (int)(CounterRandom.Uniform(key, (uint)i) * indices.Classes)
                : (float)CounterRandom.Normal(key, (uint)i);
            if (Positive.Contains(input))
                values[i] = Math.Abs(values[i]) + 0.1f;
        }

        return values;
    }
}
