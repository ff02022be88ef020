using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Runs the kernel that a backend chooses for a case, by itself.</summary>
public static class KernelRunner
{
    /// <summary>The kernel for a case, or null where the backend declines.</summary>
    public static Kernel? Find(IBackend backend, OpCase opCase, int? maxBatch = null)
        => backend.Find(new OpSignature(opCase.Op, opCase.Inputs, opCase.Output, maxBatch ?? opCase.Batch));

    /// <summary>Runs the kernel and returns the output and the inputs after it.</summary>
    /// <param name="backend">Where to run.</param>
    /// <param name="opCase">What to run.</param>
    /// <param name="maxBatch">The batch that the kernel is bound to; that of the case by default.</param>
    /// <param name="overwrite">The input whose memory the output takes, or none.</param>
    public static (float[] Output, float[][] Inputs) Run(IBackend backend, OpCase opCase, int? maxBatch = null, int? overwrite = null)
    {
        var kernel = Find(backend, opCase, maxBatch) ?? throw new InvalidOperationException($"{backend.Name} has no kernel for {opCase}.");
        return Run(backend, kernel, opCase, opCase.Inputs, opCase.Output, maxBatch, overwrite);
    }

    /// <summary>Runs a kernel on operands in layouts of its own and returns the output and the inputs after it, plain again.</summary>
    public static (float[] Output, float[][] Inputs) Run(
        IBackend backend, Kernel kernel, OpCase opCase, IReadOnlyList<TensorType> inputTypes, TensorType outputType, int? maxBatch = null, int? overwrite = null)
    {
        var room = maxBatch ?? opCase.Batch;
        using var workspace = backend.Allocate(kernel.WorkspaceLength);
        using var prepared = backend.Allocate(kernel.PreparedLength);
        using var output = backend.Allocate(outputType.Length(room));
        var inputs = inputTypes.Select(t => backend.Allocate(t.Length(room))).ToArray();
        foreach (var (index, input) in inputs.Index())
            input.Write(0, LaidOut.From(opCase.Values[index], inputTypes[index], opCase.Batch));

        // What was in the output before must not matter.
        output.Write(0, [.. Enumerable.Repeat(float.NaN, (int)output.Length)]);
        workspace.Write(0, [.. Enumerable.Repeat(float.NaN, (int)workspace.Length)]);
        var target = overwrite is { } i ? inputs[i] : output;
        kernel.Run(new KernelCall
        {
            Inputs = [.. inputs.Zip(inputTypes, (b, t) => new TensorView(b, 0, t))],
            Output = new TensorView(target, 0, outputType),
            Workspace = new TensorView(workspace, 0, new TensorType([], false)),
            Prepared = new TensorView(prepared, 0, new TensorType([], false)),
            Batch = opCase.Batch,
            State = opCase.State,
        });
        backend.Synchronize();
        var result = Read(target, outputType);
        var after = inputs.Zip(inputTypes, Read).ToArray();
        foreach (var input in inputs)
            input.Dispose();
        return (result, after);

        float[] Read(DeviceBuffer buffer, TensorType type)
        {
            var values = new float[type.Length(opCase.Batch)];
            buffer.Read(0, values);
            return LaidOut.ToPlain(values, type, opCase.Batch);
        }
    }

    /// <summary>Fails where a value is further off than the case allows.</summary>
    public static void AssertClose(OpCase opCase, double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var rootMeanSquare = Math.Sqrt(expected.Sum(e => e * e) / Math.Max(1, expected.Length));
        for (var i = 0; i < expected.Length; i++)
        {
            var allowed = opCase.Tolerance * Math.Max(Math.Abs(expected[i]), rootMeanSquare);
            Assert.True(Math.Abs(expected[i] - actual[i]) <= allowed, $"{opCase}: [{i}] is {actual[i]}, not {expected[i]}");
        }
    }
}
