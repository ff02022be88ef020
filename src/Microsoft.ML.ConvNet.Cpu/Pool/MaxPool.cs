using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Max-pooling of planes, with PyTorch's rules: the first of equal maxima wins, NaN beats every number (and a later NaN
/// an earlier one), padding never wins. Idea: the gradient looks for the maximum again instead of keeping an index.
/// Layout: planes of H×W. 2×2 windows two apart, the common case, have their own vector kernel (<see cref="Pool2x2"/>).
/// </summary>
internal static unsafe class MaxPool
{
    /// <summary>y = the maximum of every window. Padding must be smaller than the kernel.</summary>
    public static void Forward(WorkerPool pool, float* x, nint planes, WindowGeometry geometry, float* y)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new Pool2x2.ForwardBody<Pool2x2.Maximum>(x, geometry, y));
        else
            PlaneLoop.Run(pool, planes, geometry.OutputSize * geometry.KernelSize, new ForwardBody(x, geometry, y));
    }

    /// <summary>dX = dY where a window's maximum was, summed over windows; 0 elsewhere.</summary>
    public static void Backward(WorkerPool pool, float* x, float* dY, nint planes, WindowGeometry geometry, float* dX)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new Pool2x2.MaxBackwardBody(x, dY, geometry, dX));
        else
            PlaneLoop.Run(pool, planes, geometry.OutputSize * geometry.KernelSize, new BackwardBody(x, dY, geometry, dX));
    }

    /// <summary>The index in the plane of the window's winner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Winner(float* x, in WindowGeometry g, int outputY, int outputX)
    {
        var startY = (outputY * g.StrideY) - g.PaddingTop;
        var startX = (outputX * g.StrideX) - g.PaddingLeft;
        var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
        var (firstX, endX) = WindowGeometry.TapsInside(startX, g.Width, g.KernelWidth, g.DilationX);
        var best = float.NegativeInfinity;
        var winner = ((nint)(startY + (firstY * g.DilationY)) * g.Width) + startX + (firstX * g.DilationX);
        for (var ky = firstY; ky < endY; ky++)
        {
            var row = (nint)(startY + (ky * g.DilationY)) * g.Width;
            for (var kx = firstX; kx < endX; kx++)
            {
                var index = row + startX + (kx * g.DilationX);
                if (x[index] > best || float.IsNaN(x[index]))
                {
                    best = x[index];
                    winner = index;
                }
            }
        }

        return winner;
    }

    private readonly struct ForwardBody(float* x, WindowGeometry g, float* y) : IPlaneBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint plane)
        {
            var source = x + (plane * g.PlaneSize);
            var target = y + (plane * g.OutputSize);
            for (var outputY = 0; outputY < g.OutputHeight; outputY++)
            {
                for (var outputX = 0; outputX < g.OutputWidth; outputX++)
                    *target++ = source[Winner(source, g, outputY, outputX)];
            }
        }
    }

    private readonly struct BackwardBody(float* x, float* dY, WindowGeometry g, float* dX) : IPlaneBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint plane)
        {
            var source = x + (plane * g.PlaneSize);
            var gradient = dY + (plane * g.OutputSize);
            var target = dX + (plane * g.PlaneSize);
            new Span<float>(target, (int)g.PlaneSize).Clear();
            for (var outputY = 0; outputY < g.OutputHeight; outputY++)
            {
                for (var outputX = 0; outputX < g.OutputWidth; outputX++)
                    target[Winner(source, g, outputY, outputX)] += *gradient++;
            }
        }
    }
}
