using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>What a window's sum is divided by.</summary>
internal enum AverageDivisor
{
    /// <summary>The kernel's size: padding counts as zeros.</summary>
    Kernel,

    /// <summary>The elements inside the plane.</summary>
    Inside,
}

/// <summary>
/// Average-pooling of planes. Idea: 2×2 windows two apart never leave the registers (<see cref="Pool2x2"/>); others are
/// summed row by row (<see cref="PoolRows"/>). The gradient walks a window's taps inside the plane, which are ranges.
/// Layout: planes of H×W. Lanes: outputs of a row.
/// </summary>
internal static unsafe class AveragePool
{
    /// <summary>y = the mean of every window. Padding must be smaller than the kernel.</summary>
    public static void Forward(WorkerPool pool, float* x, nint planes, WindowGeometry geometry, AverageDivisor divisor, float* y)
    {
        if (Pool2x2.Supports(geometry))
            PlaneLoop.Run(pool, planes, geometry.PlaneSize, new Pool2x2.ForwardBody<Pool2x2.Mean>(x, geometry, y));
        else
            PlaneLoop.Run(pool, planes, geometry.OutputSize * geometry.KernelSize, new ForwardBody(x, geometry, divisor, y));
    }

    /// <summary>dX = every window's dY shared out among its elements, summed over windows.</summary>
    public static void Backward(WorkerPool pool, float* dY, nint planes, WindowGeometry geometry, AverageDivisor divisor, float* dX) =>
        PlaneLoop.Run(pool, planes, geometry.OutputSize * geometry.KernelSize, new BackwardBody(dY, geometry, divisor, dX));

    private static float Share(in WindowGeometry g, AverageDivisor divisor, int inside) =>
        1f / (divisor == AverageDivisor.Kernel ? g.KernelSize : Math.Max(1, inside));

    /// <summary>Sums by rows, then divides: a division by the kernel's size is the same for the whole plane.</summary>
    private readonly struct ForwardBody(float* x, WindowGeometry g, AverageDivisor divisor, float* y) : IPlaneBody
    {
        private readonly PoolRows.ForwardBody<PoolRows.Sum> sums = new(x, g, y);

        public void Run(nint plane)
        {
            sums.Run(plane);
            var target = y + (plane * g.OutputSize);
            if (divisor == AverageDivisor.Kernel)
            {
                Pointwise.Map(target, target, g.OutputSize, new Scale(Share(g, divisor, g.KernelSize)));
                return;
            }

            for (var outputY = 0; outputY < g.OutputHeight; outputY++)
            {
                var startY = (outputY * g.StrideY) - g.PaddingTop;
                var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
                for (var outputX = 0; outputX < g.OutputWidth; outputX++)
                {
                    var startX = (outputX * g.StrideX) - g.PaddingLeft;
                    var (firstX, endX) = WindowGeometry.TapsInside(startX, g.Width, g.KernelWidth, g.DilationX);
                    *target++ *= Share(g, divisor, (endY - firstY) * (endX - firstX));
                }
            }
        }
    }

    private readonly struct BackwardBody(float* dY, WindowGeometry g, AverageDivisor divisor, float* dX) : IPlaneBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint plane)
        {
            var gradient = dY + (plane * g.OutputSize);
            var target = dX + (plane * g.PlaneSize);
            new Span<float>(target, (int)g.PlaneSize).Clear();
            for (var outputY = 0; outputY < g.OutputHeight; outputY++)
            {
                var startY = (outputY * g.StrideY) - g.PaddingTop;
                var (firstY, endY) = WindowGeometry.TapsInside(startY, g.Height, g.KernelHeight, g.DilationY);
                for (var outputX = 0; outputX < g.OutputWidth; outputX++)
                {
                    var startX = (outputX * g.StrideX) - g.PaddingLeft;
                    var (firstX, endX) = WindowGeometry.TapsInside(startX, g.Width, g.KernelWidth, g.DilationX);
                    var share = *gradient++ * Share(g, divisor, (endY - firstY) * (endX - firstX));
                    for (var ky = firstY; ky < endY; ky++)
                    {
                        var row = target + ((nint)(startY + (ky * g.DilationY)) * g.Width) + startX;
                        for (var kx = firstX; kx < endX; kx++)
                            row[kx * g.DilationX] += share;
                    }
                }
            }
        }
    }
}
