"""How is the space laid out?"""

from app.kit import study_page
from app.studies.embedding import answer

HOW_TO_READ = """
Every window of 4 s is two points of the joint embedding, its audio and its MIDI, compared by cosine. A **map** lays them out on
two axes: PCA keeps the directions of largest variance, t-SNE and UMAP keep near neighbours together. **Trustworthiness** is 1 if
neighbours on the map are neighbours in the space, and about 0.5 for a map at random; **neighbours kept** counts how many of the k
nearest are still there. A thin line joins audio and MIDI of one window.

| measure | what it says, and its null |
|---|---|
| AUC against other works | how often a matched pair is closer than a pair of other works; chance 0.5 |
| AUC against the same work | the same against other windows of its own work, which is harder; chance 0.5 |
| modality gap | distance of the mean audio from the mean MIDI (0 to 2); null: audio and MIDI exchanged at random, work by work |
| cosine of matched pairs | its null is the mean cosine of pairs of other works, not 0 |
| neighbours shared | part of the k nearest that a window has both among the audio and among the MIDI; null: chance |

How it misleads:

- In t-SNE and UMAP distances *between* clusters, sizes of clusters and their density mean nothing; nor do the axes. Only who is
  near whom does, and that as far as the trustworthiness says.
- Another seed gives another map; a whole cluster may change its place. Choose one under *Map*; how far points move stands below.
- A joined pair may look far and be close in the space, or the reverse. Trust the cosine, on hover and in the list.
- Two axes of PCA hide what all others tell; their share of the variance is on the axes. In an untrained twin that share is high
  when nearly all there is to see is the difference between the two encoders.
- Windows of one work are alike. A cluster of one colour *by work* may be one recording, with its tempo and its loudness. Clusters
  are many, and so are colours: some agree by luck.
- A small gap remains by luck, for two clouds of few works never have quite the same mean. That is its null, and p says how often
  luck gives as much. The null grows with the gap: exchanging labels work by work leaves part of a large gap.
- The bins of 0.025 hold few matched pairs. A single high bar says little; the AUC counts all pairs.
- Three pairs of every bin, drawn at random, can be heard, not all. Heard is the recording, never the MIDI by itself.
- Note density, pitch and velocity come from the MIDI, loudness and centroid from the audio, and both points of a window get them:
  that joined points have one colour shows nothing.
"""

PAGE = study_page.StudyPage("embedding", HOW_TO_READ, answer.draw)

if __name__ == "__main__":  # not in the processes that render clips
    study_page.show(PAGE)
