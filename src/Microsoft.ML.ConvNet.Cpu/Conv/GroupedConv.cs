using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Convolution with groups, by an algorithm for convolutions without. Idea: as many neighbouring groups as fill whole vectors are one
/// convolution of some of the channels, a part; where these are several groups, the part's weights are zero between them. In groups of 4
/// channels three of four products of a part of 16 are with zeros, which costs less than matrix products of 4 rows. Layout and lanes:
/// channels. Parts run in parallel.
/// Win: <c>-- layers --layer grouped</c>.
/// </summary>
internal sealed class GroupedConv(IConvAlgorithm algorithm) : IConvAlgorithm
{
    public string Name => $"{algorithm.Name}, grouped";

    public bool IsExact => algorithm.IsExact;

    public bool Fuses => algorithm.Fuses;

    // Channels by themselves have algorithms of their own.
    public bool Supports(ConvProblem problem)
        => problem.Groups > 1 && problem.Groups < Math.Max(problem.X.C, problem.Y.C) && problem.XLayout.Kind == LayoutKind.ChannelLanes && problem.YLayout == problem.XLayout
            && PartOf(problem) is { } part && algorithm.Supports(part);

    public double Cost(ConvProblem problem)
    {
        var part = PartOf(problem)!;
        return problem.X.C / part.X.C * algorithm.Cost(part);
    }

    public Kernel Bind(ConvProblem problem, WorkerPool pool)
    {
        var part = PartOf(problem)!;
        return new GroupedKernel(Name, problem, part, algorithm.Bind(part, pool), pool);
    }

    /// <summary>The convolution of the fewest groups whose inputs and outputs fill whole vectors, or null where there are none.</summary>
    private static ConvProblem? PartOf(ConvProblem problem)
    {
        var (inputs, outputs, lanes) = (problem.X.C / problem.Groups, problem.Y.C / problem.Groups, problem.XLayout.Lanes);
        for (var groups = 1; groups <= problem.Groups; groups++)
        {
            if (problem.Groups % groups == 0 && groups * inputs % lanes == 0 && groups * outputs % lanes == 0)
            {
                return problem with
                {
                    X = problem.X.WithChannels(groups * inputs),
                    Y = problem.Y.WithChannels(groups * outputs),
                    Groups = 1,
                    XStrides = problem.XStrides,
                    YStrides = problem.YStrides,
                };
            }
        }

        return null;
    }
}
