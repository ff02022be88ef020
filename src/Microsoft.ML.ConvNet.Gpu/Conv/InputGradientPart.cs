using System.Numerics;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// The places of x along each axis that have one remainder by the stride, and the taps that windows have there. With a stride of s along two axes there are
/// s² parts, and in each of them the other taps, whose products would be by zero, are left out.
/// </summary>
/// <param name="Window">The taps, of windows that move by one.</param>
/// <param name="Product">The index maths.</param>
/// <param name="HasTaps">Whether there are any; otherwise <paramref name="Window"/> has one that does not count, and all sums are zero.</param>
internal sealed record InputGradientPart(WindowShape Window, InputGradientProduct Product, bool HasTaps)
{
    /// <summary>All parts that have places.</summary>
    public static IEnumerable<InputGradientPart> Of(Window window, ConvGeometry conv, Shape x)
        => from d in Axis.Of(window.Depth, x.D, conv.Window.OutD)
           from h in Axis.Of(window.Height, x.H, conv.Window.OutH)
           from w in Axis.Of(window.Width, x.W, conv.Window.OutW)
           select Of(window, conv, x, d, h, w);

    private static InputGradientPart Of(Window window, ConvGeometry conv, Shape x, Axis d, Axis h, Axis w)
    {
        conv.Window = conv.Window with
        {
            D = d.Places,
            H = h.Places,
            W = w.Places,
            Plane = d.Places * h.Places * w.Places,
            BeforeD = d.FirstWindow,
            BeforeH = h.FirstWindow,
            BeforeW = w.FirstWindow,
        };
        var shape = WindowShape.Of(new Window(d.Window, h.Window, w.Window)) with
        {
            KeepsD = d.Keeps ? 1 : 0,
            KeepsH = h.Keeps ? 1 : 0,
            KeepsW = w.Keeps ? 1 : 0,
        };
        var product = new InputGradientProduct
        {
            Conv = conv,
            XPlane = x.Plane,
            XFirst = (((d.FirstPlace * x.H) + h.FirstPlace) * x.W) + w.FirstPlace,
            XStepD = window.Depth.Stride * x.H * x.W,
            XStepH = window.Height.Stride * x.W,
            XStepW = window.Width.Stride,
            Taps = window.Taps,
            TapFirst = (((d.FirstTap * window.Height.Size) + h.FirstTap) * window.Width.Size) + w.FirstTap,
            TapStepD = d.TapStep * window.Height.Size * window.Width.Size,
            TapStepH = h.TapStep * window.Width.Size,
            TapStepW = w.TapStep,
        };
        return new(shape, product, d.Taps > 0 && h.Taps > 0 && w.Taps > 0);
    }

    /// <summary>One remainder along one axis.</summary>
    /// <param name="FirstPlace">The first place; the next is a stride further.</param>
    /// <param name="Places">How many there are.</param>
    /// <param name="FirstTap">The first tap that windows have there.</param>
    /// <param name="Taps">How many there are.</param>
    /// <param name="TapStep">The distance to the next.</param>
    /// <param name="FirstWindow">The window that has the first place under the first tap.</param>
    /// <param name="Dilation">How many windows lie between those that have a place under one tap and under the next.</param>
    /// <param name="Keeps">Whether the places are those of y, one by one.</param>
    private sealed record Axis(int FirstPlace, int Places, int FirstTap, int Taps, int TapStep, int FirstWindow, int Dilation, bool Keeps)
    {
        public WindowAxis Window => new(Math.Max(1, Taps), Dilation: Dilation);

        public static IEnumerable<Axis> Of(WindowAxis axis, int length, int windows)
        {
            // Taps of one remainder are as far apart as it takes for the dilation to come to a multiple of the stride.
            var common = (int)BigInteger.GreatestCommonDivisor(axis.Stride, axis.Dilation);
            var (tapStep, dilation) = (axis.Stride / common, axis.Dilation / common);
            for (var place = 0; place < Math.Min(axis.Stride, length); place++)
            {
                // A window begins at a multiple of the stride, counted with the padding before the first element.
                var firstTap = Enumerable.Range(0, axis.Size).FirstOrDefault(tap => (place + axis.Before - (tap * axis.Dilation)) % axis.Stride == 0, -1);
                var taps = firstTap < 0 ? 0 : ((axis.Size - firstTap - 1) / tapStep) + 1;
                var places = ((length - place - 1) / axis.Stride) + 1;
                var firstWindow = taps == 0 ? 0 : (place + axis.Before - (firstTap * axis.Dilation)) / axis.Stride;
                yield return new(place, places, Math.Max(0, firstTap), taps, tapStep, firstWindow, taps > 1 ? dilation : 1, taps == 1 && firstWindow == 0 && places == windows);
            }
        }
    }
}
