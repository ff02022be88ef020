using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Convolution of volumes, by an algorithm for images. Idea: the planes that one tap along the depth meets are a batch of images; the
/// convolutions of all such taps are added up in the planes of the output. Layout and lanes: channels. The images of a batch run in
/// parallel, as the algorithm has it.
/// Win: <c>-- layers --layer volume</c>.
/// </summary>
internal sealed class VolumeConv(IConvAlgorithm algorithm) : IConvAlgorithm
{
    public string Name => $"{algorithm.Name}, by planes";

    public bool IsExact => algorithm.IsExact;

    public bool Supports(ConvProblem problem)
        => problem.X.Rank == 4 && problem.XLayout.Kind == LayoutKind.ChannelLanes && problem.YLayout == problem.XLayout
            && algorithm.Supports(PlanesOf(problem));

    public double Cost(ConvProblem problem) => problem.MaxBatch * problem.Window.Depth.Size * algorithm.Cost(PlanesOf(problem));

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        var planes = PlanesOf(problem);
        return new VolumeKernel(Name, problem, planes, algorithm.Bind(planes, pool), pool);
    }

    /// <summary>The convolution of the planes of one sample that meet by one tap along the depth.</summary>
    private static ConvProblem PlanesOf(ConvProblem problem)
    {
        var (x, y, lanes) = (problem.X, problem.Y, problem.XLayout.Lanes);
        return problem with
        {
            X = [x.C, x.H, x.W],
            Y = [y.C, y.H, y.W],
            Window = new Window(problem.Window.Height, problem.Window.Width),
            MaxBatch = y.D,
            XStrides = new((nint)x.Plane * lanes, (nint)problem.Window.Depth.Stride * x.H * x.W * lanes),
            YStrides = new((nint)y.Plane * lanes, (nint)y.H * y.W * lanes),
            Accumulates = problem.Pass != ConvPass.WeightGradient,
            HasBias = false,
            Adds = false,
            Relu = false,
        };
    }
}
