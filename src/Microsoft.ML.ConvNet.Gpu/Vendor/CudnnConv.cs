using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// A convolution or a gradient by cuDNN; bias, addition and ReLU follow in one launch. What the library cannot do as asked for, such as padding that
/// differs between the sides, is left to the kernels of this project, and so is a smaller batch for which it would take more scratch memory than there is.
/// </summary>
internal static class CudnnConv
{
    /// <summary>The operands of each pass, in the library's order, by the inputs of the op.</summary>
    private static readonly Dictionary<ConvPass, (int First, int Second)> _operands = new()
    {
        [ConvPass.Forward] = (0, 1),
        [ConvPass.BackwardData] = (1, 0),
        [ConvPass.BackwardFilter] = (0, 1),
    };

    /// <summary>The convolution by cuDNN where it is there and worthwhile, otherwise the given kernel.</summary>
    /// <param name="own">The kernel of this project.</param>
    /// <param name="description">The convolution of the largest batch.</param>
    /// <param name="epilogue">What follows.</param>
    /// <param name="kernels">The kernels of the device.</param>
    public static Kernel Or(Kernel own, ConvDescription description, Epilogue epilogue, KernelCache kernels)
    {
        var vendor = kernels.Vendor;
        if (vendor.Dnn is not { } dnn || Work(description) < vendor.LeastWork || !HasEqualPadding(description))
            return own;
        kernels.Bind();
        if (dnn.Find(description, vendor.MostWorkspaceBytes) is not { } largest)
            return own;
        var finish = epilogue.IsEmpty ? null : new Finish(kernels);
        var (first, second) = _operands[description.Pass];
        return kernels.Step($"cuDNN {largest.Algorithm}", Run, Math.Max(own.WorkspaceLength, (largest.WorkspaceBytes + sizeof(float) - 1) / sizeof(float)));

        void Run(KernelCall call)
        {
            if (dnn.Find(description with { Batch = call.Batch }, largest.WorkspaceBytes) is not { } convolution)
            {
                own.Run(call);
                return;
            }

            dnn.Run(convolution, call.Inputs[first].Address(), call.Inputs[second].Address(), convolution.WorkspaceBytes > 0 ? call.Workspace.Address() : 0, call.Output.Address());
            finish?.Run(call, call.Output(), 1, epilogue);
        }
    }

    private static long Work(ConvDescription description)
        => (long)description.Batch * description.Y.Length * (description.X.C / description.Groups) * description.Window.Taps;

    /// <summary>Whether the windows are the same where both sides are padded like the first.</summary>
    private static bool HasEqualPadding(ConvDescription description)
    {
        var (x, y, window) = (description.X, description.Y, description.Window);
        return Fits(window.Depth, x.D, y.D) && Fits(window.Height, x.H, y.H) && Fits(window.Width, x.W, y.W);

        static bool Fits(Ops.WindowAxis axis, int input, int outputs) => axis.Before >= 0 && (axis with { After = axis.Before }).Outputs(input) == outputs;
    }
}
