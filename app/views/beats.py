"""Does a model hear the beat without having been taught it?"""

from app.kit import study_page
from app.studies import beats

HOW_TO_READ = """
Nobody has told the model what a beat is. Clicks at tempi from 30 to 240 BPM, the first at 20 ms, are **templates**; every
window of a recording is compared with every template, by the model's own score where it compares sound with sound (the mean of
both directions), else by the cosine of embeddings. The **map** shows that similarity over tempo and time. Where it rises
suddenly (more than 3 standard deviations above the mean, for several neighbours at once), the rises are summed over tempi;
librosa's beat tracker, which knows that beats are regular, makes beats of that curve.

**F** counts beats within 70 ms of annotated ones. **CMLt** is the share of beats that are also right in phase and interval,
within 17.5 % of the interval; **AMLt** takes half, double and off-beat tempi for right. Numbers are means of recordings, and
intervals draw whole works.

The null moves the found beats along the recording, circularly, which keeps their number and their regularity. The **untrained
twin** shows what architecture and tracker find alone, and **librosa** what the same tracker finds in the sound itself.

How it misleads:

- Regular beats hit by luck: at 120 BPM a quarter of the time is within 70 ms of a beat. Compare with the null.
- Half and double tempo halve or third F without being wrong to the ear. AMLt forgives that; moved beats gain from it too.
- Much of what is found is the tracker's: it fills gaps and likes 120 BPM.
- Music whose tempo bends, and sound without attacks, have no template that fits for a whole window.
- The middle of each recording is listened to. The end, shorter than a window, is heard and not scored.
- The source's templates are a wood block from a sound font, 1 BPM and 20 ms apart; the click here is made by us, and larger
  steps are usual. Its numbers, of GTZAN, are not comparable with these.
"""

PAGE = study_page.StudyPage("beats", HOW_TO_READ, beats.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
