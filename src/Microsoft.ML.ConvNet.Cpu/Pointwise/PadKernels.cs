using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Padding and its adjoint as steps. Idea: the middle of a padded axis is the axis itself, one copy; only the few elements around
/// it are looked up, and each is a row of all later axes. Layout: (all before)×axis×(all after). Lanes: the middle, and those
/// rows. What comes before the axis runs in parallel.
/// </summary>
internal static unsafe class PadKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        switch (signature.Op)
        {
            case PadOp op:
                {
                    var axis = new PaddedAxis(op, signature.Inputs[0].Shape);
                    return new FunctionKernel("pad", call => PlaneLoop.Run(
                        pool, call.Count() / axis.PaddedSize, axis.PaddedSize, new PadBody(axis, call.Input(0), call.Output())));
                }

            case PadGradientOp op:
                {
                    var axis = new PaddedAxis(new PadOp { Axis = op.Axis, Before = op.Before, After = op.After, Mode = op.Mode }, signature.Output.Shape);
                    return new FunctionKernel("pad gradient", call => PlaneLoop.Run(
                        pool, call.Count() / axis.Size, axis.PaddedSize, new GradientBody(axis, call.Input(0), call.Output())));
                }

            default:
                return null;
        }
    }

    /// <summary>The axis with its neighbours after it, and for each element around it the one it is a copy of.</summary>
    private sealed class PaddedAxis
    {
        public PaddedAxis(PadOp op, Shape x)
        {
            Inner = 1;
            for (var axis = op.Axis + 1; axis < x.Rank; axis++)
                Inner *= x[axis];
            var length = x[op.Axis];
            (Before, Size, PaddedSize) = (op.Before * Inner, length * Inner, ((nint)op.Before + length + op.After) * Inner);
            int[] around = [.. Enumerable.Range(0, op.Before), .. Enumerable.Range(op.Before + length, op.After)];
            Around = [.. around.Select(i => (i * Inner, op.Source(i, length) * Inner))];
        }

        public nint Inner { get; }

        public nint Before { get; }

        public nint Size { get; }

        public nint PaddedSize { get; }

        /// <summary>Where each element around the axis begins, and the element that it is; negative for zero.</summary>
        public (nint Target, nint Source)[] Around { get; }
    }

    private readonly struct PadBody(PaddedAxis axis, float* x, float* y) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var source = x + (plane * axis.Size);
            var target = y + (plane * axis.PaddedSize);
            Copy(source, target + axis.Before, axis.Size);
            foreach (var (to, from) in axis.Around)
            {
                if (from < 0)
                    new Span<float>(target + to, (int)axis.Inner).Clear();
                else
                    Copy(source + from, target + to, axis.Inner);
            }
        }
    }

    private readonly struct GradientBody(PaddedAxis axis, float* dY, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var source = dY + (plane * axis.PaddedSize);
            var target = dX + (plane * axis.Size);
            Copy(source + axis.Before, target, axis.Size);
            foreach (var (from, to) in axis.Around)
            {
                if (to >= 0)
                    Pointwise.Map(target + to, source + from, target + to, axis.Inner, default(Add));
            }
        }
    }

    private static void Copy(float* source, float* target, nint count) =>
        new ReadOnlySpan<float>(source, (int)count).CopyTo(new Span<float>(target, (int)count));
}
