using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.ConvNet.Samples.FashionMnist;

/// <summary>
/// Shows a training run in one console line that is drawn again and again; where the output is redirected to a file,
/// writes one plain line per epoch instead.
/// </summary>
public sealed class ProgressBar : IDisposable
{
    private const int WidestBar = 24;
    private const int NarrowestBar = 8;
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    private readonly int _epochs;
    private readonly int _imagesPerEpoch;
    private readonly TextWriter _output;
    private readonly bool _redraw;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _lastDraw = -RedrawInterval;
    private int _drawnWidth;

    /// <summary>Starts the clock of a run on the console.</summary>
    /// <param name="epochs">The number of epochs of the run.</param>
    /// <param name="imagesPerEpoch">The number of images of one epoch.</param>
    public ProgressBar(int epochs, int imagesPerEpoch)
        : this(epochs, imagesPerEpoch, Console.Out, redraw: !Console.IsOutputRedirected)
    {
    }

    /// <summary>Starts the clock of a run on another output.</summary>
    /// <param name="epochs">The number of epochs of the run.</param>
    /// <param name="imagesPerEpoch">The number of images of one epoch.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="redraw">Whether the line is drawn over itself; otherwise each epoch gets a line.</param>
    public ProgressBar(int epochs, int imagesPerEpoch, TextWriter output, bool redraw)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epochs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(imagesPerEpoch);
        _epochs = epochs;
        _imagesPerEpoch = imagesPerEpoch;
        _output = output;
        _redraw = redraw;
    }

    /// <summary>Shows how far the run has come.</summary>
    /// <param name="epoch">The current epoch, from 1.</param>
    /// <param name="images">The images done in this epoch.</param>
    /// <param name="loss">The mean loss.</param>
    /// <param name="accuracy">The accuracy, 0 to 1.</param>
    public void Report(int epoch, int images, double loss, double accuracy)
    {
        var epochDone = images >= _imagesPerEpoch;
        if (!_redraw)
        {
            if (epochDone)
                _output.WriteLine(Status(epoch, images, loss, accuracy));
            return;
        }

        // Drawing costs more than a small batch: ten times a second is enough, but the last state must show.
        if (!epochDone && _clock.Elapsed - _lastDraw < RedrawInterval)
            return;
        _lastDraw = _clock.Elapsed;
        Draw(Done(epoch, images), Status(epoch, images, loss, accuracy));
    }

    /// <summary>Ends the line, so that later output starts on a new one.</summary>
    public void Dispose()
    {
        if (_drawnWidth > 0)
            _output.WriteLine();
        _drawnWidth = 0;
    }

    private double Done(int epoch, int images) => Math.Clamp((epoch - 1 + (double)images / _imagesPerEpoch) / _epochs, 0, 1);

    private string Status(int epoch, int images, double loss, double accuracy)
    {
        var imagesDone = (long)(epoch - 1) * _imagesPerEpoch + images;
        var imagesLeft = Math.Max(0, (long)_epochs * _imagesPerEpoch - imagesDone);
        var speed = imagesDone / Math.Max(_clock.Elapsed.TotalSeconds, 1e-6);
        var timeLeft = imagesDone == 0 ? "?" : Duration(imagesLeft / speed);
        return string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch}/{_epochs} loss {loss:F4} accuracy {100 * accuracy:F1}% {speed:N0} images/s {timeLeft} left");
    }

    private static string Duration(double seconds)
    {
        var whole = (long)Math.Ceiling(seconds);
        return whole < 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{whole / 60}:{whole % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{whole / 3600}:{whole / 60 % 60:00}:{whole % 60:00}");
    }

    private void Draw(double done, string status)
    {
        const string around = "100% [] ";
        var width = ConsoleWidth() - 1;
        var barWidth = Math.Clamp(width - around.Length - status.Length, NarrowestBar, WidestBar);
        var filled = (int)(done * barWidth);
        var line = $"{(int)(done * 100),3}% [{new string('#', filled)}{new string('.', barWidth - filled)}] {status}";
        // A line that wraps could not be drawn over.
        if (line.Length > width)
            line = line[..width];
        _output.Write('\r' + line.PadRight(_drawnWidth));
        _drawnWidth = line.Length;
    }

    private static int ConsoleWidth()
    {
        try
        {
            return Console.WindowWidth > 1 ? Console.WindowWidth : int.MaxValue;
        }
        catch (IOException)
        {
            return int.MaxValue;
        }
    }
}
