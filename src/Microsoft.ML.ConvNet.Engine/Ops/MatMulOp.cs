using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// The product of two matrices, C = op(A)·op(B), where op transposes or not. A tensor with a batch is a matrix of one row
/// for each sample; one without has rank 2. Where the rows of C are the
/// samples, an optional third input is added to each: the bias.
/// </summary>
[Op("MatMul")]
public sealed record MatMulOp : Op
{
    /// <summary>Whether A is transposed. With a batch on both sides that sums over the samples.</summary>
    public bool TransposeA { get; init; }

    /// <summary>Whether B is transposed.</summary>
    public bool TransposeB { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2, 3);
        var (rows, inner) = Sides(inputs, 0, TransposeA);
        var (inner2, columns) = Sides(inputs, 1, TransposeB);
        if (inner != inner2)
            throw inputs.Error($"the inner extents {Show(inner)} and {Show(inner2)} differ");
        if (columns is not { } width)
            throw inputs.Error("the samples cannot become columns");
        if (inputs.Count > 2)
        {
            inputs.Expect(2, new TensorType([width], false), "bias");
            if (rows is not null)
                throw inputs.Error("a bias needs a row for each sample");
        }

        return rows is { } height ? new TensorType([height, width], false) : new TensorType([width], true);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (a, b, dC) = (context.Input(0), context.Input(1), context.OutputGradient);
        if (context.Needs(0))
            context.Add(0, TransposeA ? Product(b, dC, TransposeB, true) : Product(dC, b, false, !TransposeB));
        if (context.Needs(1))
            context.Add(1, TransposeB ? Product(dC, a, true, TransposeA) : Product(a, dC, !TransposeA, false));
        if (context.Needs(2))
            context.Add(2, context.New(new ChannelSumOp(), dC));

        Node Product(Node left, Node right, bool transposeLeft, bool transposeRight)
            => context.New(new MatMulOp { TransposeA = transposeLeft, TransposeB = transposeRight }, left, right);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var a = call.Input(0);
        var b = call.Input(1);
        var c = call.Output;
        var bias = call.InputTypes.Count > 2 ? call.Input(2) : default;
        var (m, n, k) = Extents(call.InputTypes[0], call.InputTypes[1], call.Batch);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
            {
                var sum = bias.IsEmpty ? T.Zero : bias[j];
                for (var p = 0; p < k; p++)
                    sum += a[TransposeA ? (p * m) + i : (i * k) + p] * b[TransposeB ? (j * k) + p : (p * n) + j];
                c[(i * n) + j] = sum;
            }
    }

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)inputs[0].Shape.Length * output.Length / (inputs[0].Batched ? 1 : output[0]);

    /// <summary>The extents of C (m×n) and the inner extent k for a batch.</summary>
    public (int M, int N, int K) Extents(TensorType a, TensorType b, int batch)
    {
        var (m, k) = Matrix(a, batch);
        var (k2, n) = Matrix(b, batch);
        return (TransposeA ? k : m, TransposeB ? k2 : n, TransposeA ? m : k);
    }

    private static (int Rows, int Columns) Matrix(TensorType type, int batch)
        => type.Batched ? (batch, type.Shape.Length) : (type.Shape[0], type.Shape[1]);

    /// <summary>The rows and columns of an operand after transposition; null stands for the samples of the batch.</summary>
    private static (int? Rows, int? Columns) Sides(OpInputs inputs, int input, bool transpose)
    {
        var (shape, batched) = inputs[input];
        if (shape.Rank != (batched ? 1 : 2))
            throw inputs.Error("a matrix has rank 2, or rank 1 and a batch");
        var rows = batched ? (int?)null : shape[0];
        var columns = (int?)shape[^1];
        return transpose ? (columns, rows) : (rows, columns);
    }

    private static string Show(int? extent) => extent?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "N";
}
