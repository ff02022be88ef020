using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public sealed class DataOperationsTests : IDisposable
{
    private readonly MLContext _context = new(1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Caches_and_shuffles_silently_drop_image_columns()
    {
        var view = Images();

        Assert.Null(_context.Data.Cache(view).Schema.GetColumnOrNull("Image"));
        Assert.Null(_context.Data.ShuffleRows(view).Schema.GetColumnOrNull("Image"));
        Assert.NotNull(_context.Data.Cache(view).Schema.GetColumnOrNull("Path"));
    }

    [Fact]
    public void A_cache_checkpoint_drops_image_columns_from_what_follows()
    {
        var data = _context.Data.LoadFromEnumerable(new[] { new Row { Path = _folder.Write("a.png", TestPng.Grey(1, 1, (_, _) => 1).Encode()) } });
        var pipeline = _context.Transforms.LoadImages("Image", _folder.FullName, "Path").AppendCacheCheckpoint(_context).Append(_context.Transforms.ResizeImages("Image", 2, 2));

        Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.Fit(data));
    }

    [Fact]
    public void Splits_keep_image_columns()
    {
        var split = _context.Data.TrainTestSplit(Images(), 0.5);

        Assert.NotNull(split.TrainSet.Schema.GetColumnOrNull("Image"));
        var seen = split.TrainSet.GetColumn<MLImage>("Image").Concat(split.TestSet.GetColumn<MLImage>("Image")).Select(image => image.Width).ToList();
        Assert.Equal(10, seen.Count);
    }

    [Fact]
    public void A_cache_reads_its_input_once()
    {
        var reads = 0;
        var view = _context.Data.Cache(_context.Data.LoadFromEnumerable(Enumerable.Range(0, 3).Select(i =>
        {
            reads++;
            return new Row { Number = i };
        })));

        Assert.Equal([0f, 1, 2], view.GetColumn<float>("Number").ToArray());
        Assert.Equal([0f, 1, 2], view.GetColumn<float>("Number").ToArray());
        Assert.Equal(3, reads);
        Assert.True(view.CanShuffle);
    }

    [Fact]
    public void Cached_vectors_are_copies()
    {
        var view = _context.Data.Cache(_context.Data.LoadFromEnumerable(new[] { new Row { Vector = [1, 2] }, new Row { Vector = [3, 4] } }));

        Assert.Equal([[1f, 2], [3f, 4]], view.GetColumn<float[]>("Vector").ToArray());
        Assert.Equal([[1f, 2], [3f, 4]], view.GetColumn<float[]>("Vector").ToArray());
    }

    [Fact]
    public void Shuffling_keeps_every_row_and_follows_its_seed()
    {
        var view = Numbers(200);
        var first = _context.Data.ShuffleRows(view, seed: 5, shufflePoolSize: 16).GetColumn<float>("Number").ToArray();
        var again = _context.Data.ShuffleRows(view, seed: 5, shufflePoolSize: 16).GetColumn<float>("Number").ToArray();

        Assert.Equal(first, again);
        Assert.NotEqual(Enumerable.Range(0, 200).Select(i => (float)i), first);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (float)i), first.Order());
    }

    [Fact]
    public void A_split_parts_the_rows_by_its_seed()
    {
        var view = Numbers(1000);
        var split = _context.Data.TrainTestSplit(view, 0.2, seed: 7);
        var train = split.TrainSet.GetColumn<float>("Number").ToArray();
        var test = split.TestSet.GetColumn<float>("Number").ToArray();

        Assert.InRange(test.Length, 150, 250);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (float)i), train.Concat(test).Order());
        Assert.Equal(test, _context.Data.TrainTestSplit(view, 0.2, seed: 7).TestSet.GetColumn<float>("Number").ToArray());
        Assert.NotEqual(test, _context.Data.TrainTestSplit(view, 0.2, seed: 8).TestSet.GetColumn<float>("Number").ToArray());
        Assert.Equal(view.Schema.Count, split.TrainSet.Schema.Count(column => !column.IsHidden));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(null)]
    public void A_context_splits_the_same_way_every_time(int? seed)
    {
        float[] Test() => new MLContext(seed).Data.TrainTestSplit(Numbers(100), 0.3).TestSet.GetColumn<float>("Number").ToArray();

        Assert.Equal(Test(), Test());
    }

    [Fact]
    public void Rows_of_one_sampling_key_stay_together()
    {
        var view = _context.Data.LoadFromEnumerable(Enumerable.Range(0, 300).Select(i => new Row { Path = $"group {i % 30}" }).ToList());
        var split = _context.Data.TrainTestSplit(view, 0.3, samplingKeyColumnName: "Path");
        var train = split.TrainSet.GetColumn<string>("Path").Distinct().ToArray();
        var test = split.TestSet.GetColumn<string>("Path").Distinct().ToArray();

        Assert.Empty(train.Intersect(test));
        Assert.Equal(30, train.Length + test.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.TrainTestSplit(view, 0.3, samplingKeyColumnName: "Nothing"));
    }

    [Fact]
    public void Folds_test_every_row_once()
    {
        var folds = _context.Data.CrossValidationSplit(Numbers(200), numberOfFolds: 4);

        Assert.Equal(4, folds.Count);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (float)i), folds.SelectMany(fold => fold.TestSet.GetColumn<float>("Number")).Order());
        Assert.All(folds, fold => Assert.Equal(200, fold.TrainSet.GetColumn<float>("Number").Count() + fold.TestSet.GetColumn<float>("Number").Count()));
    }

    [Fact]
    public void Rows_are_taken_skipped_and_filtered()
    {
        var view = Numbers(10);

        Assert.Equal([0f, 1, 2], _context.Data.TakeRows(view, 3).GetColumn<float>("Number"));
        Assert.Equal([8f, 9], _context.Data.SkipRows(view, 8).GetColumn<float>("Number"));
        Assert.Equal([3f, 4], _context.Data.FilterRowsByColumn(view, "Number", 3, 5).GetColumn<float>("Number"));
        Assert.Equal((3, 2), (_context.Data.TakeRows(view, 3).GetRowCount(), _context.Data.SkipRows(view, 8).GetRowCount()));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.FilterRowsByColumn(view, "Number", 3, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.TakeRows(view, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.SkipRows(view, 0));
    }

    [Fact]
    public void Rows_after_those_that_are_taken_are_not_read()
    {
        static IEnumerable<Row> Endless()
        {
            for (var i = 0; ; i++)
                yield return new Row { Number = i };
        }

        var view = _context.Data.TakeRows(_context.Data.SkipRows(_context.Data.LoadFromEnumerable(Endless()), 5), 2);

        Assert.Null(view.GetRowCount());
        Assert.Equal([5f, 6], view.GetColumn<float>("Number"));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void A_split_needs_a_fraction(double fraction) => Assert.Throws<ArgumentOutOfRangeException>(() => _context.Data.TrainTestSplit(Numbers(10), fraction));

    private IDataView Numbers(int count) => _context.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row { Number = i }).ToList());

    private IDataView Images()
    {
        var rows = Enumerable.Range(0, 10).Select(i => new Row { Path = _folder.Write($"{i}.png", TestPng.Grey(2, 1, (_, _) => i).Encode()) }).ToList();
        var data = _context.Data.LoadFromEnumerable(rows);
        return _context.Transforms.LoadImages("Image", _folder.FullName, "Path").Fit(data).Transform(data);
    }

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public float Number { get; set; }

        [VectorType(2)]
        public float[] Vector { get; set; } = new float[2];
    }
}
